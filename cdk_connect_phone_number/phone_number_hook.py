"""A CloudFormation Hook that keeps every stack of an account from losing a number by mistake."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, cast

import jsii
from aws_cdk import Acknowledgment, ArnFormat, CfnLambdaHook, Duration, RemovalPolicy, Stack, Token, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct, IValidation

from .environments import check_environments
from .function_code import contract
from .phone_number_provider import IPhoneNumberProvider
from .plan_concerns import DEFAULT_CONCERNS, check_concerns
from .properties import check_kind, check_provider, known, refuse, required_text, root_of
from .provider.acknowledgments import REDUNDANT_DEPENDENCY, acknowledge
from .provider.function import DEFAULT_ARCHITECTURE, DEFAULT_RUNTIME, ProviderLogs, function_code
from .provider.permissions import as_cdk_nag_shows

DEFAULT_ALIAS: Final = "Private::ConnectPhoneNumbers::Plan"
HOOK_TIMEOUT: Final = Duration.seconds(30)
"""CloudFormation waits no longer for the answer."""
_MEMORY_SIZE: Final = 512
"""More than the provider's function has: somebody waits for the answer, and there are only seconds for it."""
_FAILURE_MODES: Final = ("FAIL", "WARN")
_ALIAS: Final = re.compile(r"(?!(?i:aws))[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}")
_TARGETS: Final = ("STACK", "CHANGE_SET")


class _Wildcard(NamedTuple):
    arn: str
    reason: str


@jsii.implements(IValidation)
class PhoneNumberHook(Construct):
    """A CloudFormation Hook that refuses what ``connect-phone-numbers plan`` would refuse, for a whole account.

    CloudFormation asks the hook before it creates, updates or deletes a stack, and when a change set is created. The
    hook's function plans what that does to phone numbers. It reads, and changes nothing. Stacks without phone numbers
    are let through at once.

    This has not been tried on real AWS, only on a local one. Begin with ``failure_mode="WARN"``.

    Parameters
    ----------
    scope : constructs.Construct
        The construct, usually the stack, that the hook belongs to. The hook does not evaluate this stack, so that it
        can always be repaired and removed. Put no numbers into it.
    id : str
        The construct's id, unique in its scope.
    providers : Sequence[IPhoneNumberProvider]
        All providers of the account and Region, at least one. The function may read these and no others, so it fails
        for a stack with numbers of another provider.
    fail_on : Sequence[str], default ``("release", "replace", "budget", "refuse")``
        What is refused: ``"release"``, ``"replace"``, ``"retain"``, ``"budget"``, ``"refuse"``, ``"protection"``,
        ``"rename"``, ``"unknown"``, as ``--fail-on`` of ``connect-phone-numbers plan``.
    failure_mode : str, default ``"FAIL"``
        ``"FAIL"`` stops an operation that is refused, or whose effect the function cannot find out. ``"WARN"`` only
        warns.
    alias : str, default ``"Private::ConnectPhoneNumbers::Plan"``
        The hook's name, unique in its account and Region: three parts of 2 to 64 letters and digits, separated by
        ``::``, of which the first does not begin with ``AWS``.
    stack_names : Sequence[str], optional
        The names of the stacks to evaluate. By default, all stacks.
    excluded_stack_names : Sequence[str], default none
        The names of stacks not to evaluate.
    ledger_arns : Sequence[str], default none
        The ARNs of the ledgers, which are DynamoDB tables, of imported providers.
    encryption_keys : Sequence[aws_cdk.aws_kms.IKey], default none
        Keys of the customer that encrypt ledgers of imported providers, or the environments of providers'
        functions.
    permissions_boundary : aws_cdk.aws_iam.IManagedPolicy, optional
        Permissions boundary of both roles.
    log_retention : aws_cdk.aws_logs.RetentionDays, default ``RetentionDays.SIX_MONTHS``
        How long the function's logs are kept.
    log_removal_policy : aws_cdk.RemovalPolicy, default ``RemovalPolicy.RETAIN``
        What happens to the log group when the hook is destroyed.

    Attributes
    ----------
    function : aws_cdk.aws_lambda.Function
        The function that answers.
    hook : aws_cdk.CfnLambdaHook
        The hook.

    Raises
    ------
    ValueError
        If a value cannot work. The message contains the construct's path, the property, its value, and what to do.

    Notes
    -----
    https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        providers: Sequence[IPhoneNumberProvider],
        fail_on: Sequence[str] = DEFAULT_CONCERNS,
        failure_mode: str = "FAIL",
        alias: str = DEFAULT_ALIAS,
        stack_names: Sequence[str] | None = None,
        excluded_stack_names: Sequence[str] = (),
        ledger_arns: Sequence[str] = (),
        encryption_keys: Sequence[kms.IKey | kms.Key] = (),
        permissions_boundary: iam.IManagedPolicy | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.SIX_MONTHS,
        log_removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, id)
        concerns = check_concerns(self, fail_on)
        ledgers = _ledgers(self, providers, ledger_arns)
        _check(self, failure_mode=failure_mode, alias=alias)
        _check_lists(self, {"stack_names": stack_names, "excluded_stack_names": excluded_stack_names})
        check_kind(self, "log_retention", log_retention, logs.RetentionDays, "Use a RetentionDays.")
        check_kind(
            self, "log_removal_policy", log_removal_policy, RemovalPolicy, "Use for example RemovalPolicy.RETAIN."
        )
        stack = Stack.of(self)
        log_group = ProviderLogs(
            self, "Logs", retention=log_retention, removal_policy=log_removal_policy, encryption_key=None
        )
        keys = [*_keys_of(providers), *(cast(kms.IKey, key) for key in encryption_keys)]
        tokens = [provider.service_token for provider in providers]
        self._wildcards = _wildcards(stack, log_group)
        self._role = iam.Role(
            self,
            "FunctionRole",
            description="Lets the phone number hook read what a stack operation does to numbers",
            assumed_by=cast(iam.IPrincipal, iam.ServicePrincipal("lambda.amazonaws.com")),
            permissions_boundary=permissions_boundary,
            inline_policies={
                "ReadPhoneNumbers": iam.PolicyDocument(
                    statements=list(_statements(stack, log_group, tokens, ledgers, keys))
                )
            },
        )
        self.function = lambda_.Function(
            self,
            "Function",
            description="Refuses stack operations that would lose Amazon Connect phone numbers",
            code=function_code(plans=True),
            handler="connect_phone_number.planning.hook.on_event",
            runtime=DEFAULT_RUNTIME,
            architecture=DEFAULT_ARCHITECTURE,
            memory_size=_MEMORY_SIZE,
            timeout=HOOK_TIMEOUT,
            role=cast(iam.IRole, self._role),
            log_group=cast(logs.ILogGroup, log_group),
            environment={
                contract.FAIL_ON: ",".join(concerns),
                **({contract.KNOWN_PROVIDER: tokens[0]} if len(tokens) == 1 else {}),
            },
        )
        hooks = iam.ServicePrincipal(
            "hooks.cloudformation.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
        )
        invoke = iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.function.function_arn])
        execution_role = iam.Role(
            self,
            "ExecutionRole",
            description="Lets CloudFormation ask the phone number hook",
            assumed_by=cast(iam.IPrincipal, hooks),
            permissions_boundary=permissions_boundary,
            inline_policies={"AskHook": iam.PolicyDocument(statements=[invoke])},
        )
        own = root_of(stack).stack_name
        self.hook = CfnLambdaHook(
            self,
            "Hook",
            alias=alias,
            execution_role=execution_role.role_arn,
            failure_mode=failure_mode,
            hook_status="ENABLED",
            lambda_function=self.function.function_arn,
            target_operations=list(_TARGETS),
            stack_filters=CfnLambdaHook.StackFiltersProperty(
                filtering_criteria="ALL",
                stack_names=CfnLambdaHook.StackNamesProperty(
                    include=None if stack_names is None else list(stack_names),
                    exclude=[own, *(name for name in excluded_stack_names if name != own)],
                ),
            ),
        )
        self.node.add_validation(self)
        acknowledge(
            self._role,
            cdk_nag_2={
                "AwsSolutions-IAM5": "Which stacks have numbers is not known. The calls read and change nothing."
            },
        )
        acknowledge(
            self.function,
            checkov={
                "CKV_AWS_115": "CloudFormation waits for each answer. A reserved concurrency would fail deployments.",
                "CKV_AWS_116": "CloudFormation invokes the function and waits, so no event is ever queued.",
                "CKV_AWS_117": "The function calls AWS only, which needs no VPC.",
                "CKV_AWS_173": "The environment variables contain no secrets.",
            },
            cfn_lint=[REDUNDANT_DEPENDENCY],
        )

    def validate(self) -> list[str]:
        """Acknowledge the wildcards. Only now do references to other stacks look as they do in the template."""
        stack = Stack.of(self)
        Validations.of(self._role).acknowledge(
            *(
                Acknowledgment(
                    id=f"AwsSolutions::AwsSolutions-IAM5[Resource::{as_cdk_nag_shows(stack, arn)}]", reason=reason
                )
                for arn, reason in self._wildcards
            )
        )
        return []


def _ledgers(scope: Construct, providers: Sequence[IPhoneNumberProvider], ledger_arns: Sequence[str]) -> list[str]:
    """Return the ARNs of the providers' ledgers.

    Raises
    ------
    ValueError
        If there is no provider, or the ledger of an imported one is not known.
    """
    if not providers:
        refuse(scope, "providers is empty, so there are no numbers to keep. Name the providers of the account.")
    found = [required_text(scope, f"ledger_arns[{index}]", arn) for index, arn in enumerate(ledger_arns)]
    imported = 0
    for provider in providers:
        check_provider(scope, provider)
        check_environments(scope, Stack.of(scope), provider, {}, {})
        ledger: dynamodb.Table | None = getattr(provider, "ledger", None)
        if ledger is not None:
            found.append(ledger.table_arn)
        else:
            imported += 1
    if imported > len(ledger_arns):
        refuse(
            scope,
            f"{imported} of the providers are imported, but ledger_arns has {len(ledger_arns)}. Give the ARN of the "
            "ledger of each imported provider: the table that its function's LEDGER_TABLE_NAME names.",
        )
    return found


def _keys_of(providers: Sequence[IPhoneNumberProvider]) -> Iterator[kms.IKey]:
    for provider in providers:
        ledger: dynamodb.Table | None = getattr(provider, "ledger", None)
        if ledger is not None and ledger.encryption_key is not None:
            yield ledger.encryption_key


def _check(scope: Construct, *, failure_mode: str, alias: str) -> None:
    mode = required_text(scope, "failure_mode", failure_mode)
    if not Token.is_unresolved(mode) and mode not in _FAILURE_MODES:
        refuse(scope, f"failure_mode must be one of {', '.join(_FAILURE_MODES)}, but is {mode!r}.")
    name = known(required_text(scope, "alias", alias))
    if name is not None and not _ALIAS.fullmatch(name):
        refuse(
            scope,
            f"alias must be three parts of 2 to 64 letters and digits, separated by '::', of which the first does not "
            f"begin with AWS, but is {name!r}. Use for example {DEFAULT_ALIAS!r}.",
        )


def _check_lists(scope: Construct, given: Mapping[str, Sequence[str] | None]) -> None:
    for name, values in given.items():
        if isinstance(values, str):
            refuse(scope, f"{name} must be a list, but is {values!r}. Put it in brackets.")
        for index, value in enumerate(values or ()):
            required_text(scope, f"{name}[{index}]", value)


def _arn(stack: Stack, service: str, resource: str, name: str = "*") -> str:
    return stack.format_arn(service=service, resource=resource, resource_name=name)


def _log_streams(stack: Stack, log_group: logs.ILogGroup) -> str:
    return stack.format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"{log_group.log_group_name}:log-stream:*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def _wildcards(stack: Stack, log_group: logs.ILogGroup) -> tuple[_Wildcard, ...]:
    return (
        _Wildcard(
            _arn(stack, "cloudformation", "stack", "*/*"),
            reason="The hook evaluates all stacks. The calls read and change nothing.",
        ),
        _Wildcard(
            _arn(stack, "connect", "phone-number"),
            reason="Connect makes a number's id when it claims it. The calls read and change nothing.",
        ),
        _Wildcard(
            _arn(stack, "connect", "traffic-distribution-group"),
            reason="Which group a number names is not known. The call reads and changes nothing.",
        ),
        _Wildcard(_log_streams(stack, log_group), reason="Lambda names the streams of the function's own log group."),
        _Wildcard("*", reason="ListExports knows no narrower resource. The call reads and changes nothing."),
    )


def _statements(
    stack: Stack,
    log_group: logs.ILogGroup,
    service_tokens: Sequence[str],
    ledgers: Sequence[str],
    keys: Sequence[kms.IKey],
) -> Iterator[iam.PolicyStatement]:
    allowed: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
        "ReadStacks": (
            [
                "cloudformation:DescribeChangeSet",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStackResource",
                "cloudformation:DescribeStackResources",
                "cloudformation:DescribeStacks",
                "cloudformation:GetTemplate",
                "cloudformation:ListStackResources",
            ],
            [_arn(stack, "cloudformation", "stack", "*/*")],
        ),
        "ReadExports": (["cloudformation:ListExports"], ["*"]),
        "ReadProviders": (["lambda:GetFunctionConfiguration"], service_tokens),
        "ReadLedgers": (["dynamodb:Scan"], ledgers),
        "ReadNumbers": (
            ["connect:BatchGetFlowAssociation", "connect:DescribePhoneNumber", "connect:ListPhoneNumbersV2"],
            [_arn(stack, "connect", "phone-number")],
        ),
        "ReadGroups": (
            ["connect:DescribeTrafficDistributionGroup"],
            [_arn(stack, "connect", "traffic-distribution-group")],
        ),
        "ReadQuota": (
            ["servicequotas:GetServiceQuota"],
            [_arn(stack, "servicequotas", contract.QUOTA_SERVICE, contract.PHONE_NUMBERS_QUOTA)],
        ),
        "WriteLogs": (["logs:CreateLogStream", "logs:PutLogEvents"], [_log_streams(stack, log_group)]),
    }
    for sid, (actions, arns) in allowed.items():
        yield iam.PolicyStatement(sid=sid, actions=list(actions), resources=list(arns))
    if keys:
        services = [f"{name}.{stack.region}.{stack.url_suffix}" for name in ("dynamodb", "lambda")]
        yield iam.PolicyStatement(
            sid="UseKeys",
            actions=["kms:Decrypt"],
            resources=list(dict.fromkeys(key.key_arn for key in keys)),
            conditions={"StringEquals": {"kms:ViaService": services}},
        )
