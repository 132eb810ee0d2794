"""A stack for the probes that need no number of their own: response URLs, removed resources, and what IAM sees.

It has a function that examines response URLs, two custom resources of this function (one of them is retained), and a
role that may only read and tag numbers with the tag of the run's provider.
"""

from pathlib import Path
from typing import Final, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from lambda_handlers.connect_phone_number import contract

RESOURCE_TYPE: Final = "Custom::AcceptanceProbe"
KEPT: Final = "Kept"
REMOVED: Final = "Removed"
ROLE_OUTPUT: Final = "TaggerArn"
LOG_GROUP_OUTPUT: Final = "LogGroupName"

_RESPONSE_SECONDS: Final = 300
"""A short timeout, so that a probe cannot make a run wait for CloudFormation's hour."""


def add_probe_stack(app: cdk.App, name: str, provider_id: str, *, fails_for_seconds: int, has_resources: bool) -> None:
    """Add the stack to an app.

    Parameters
    ----------
    app : cdk.App
        The app.
    name : str
        The stack's name.
    provider_id : str
        The provider whose numbers the role may tag.
    fails_for_seconds : int
        For how many seconds after its signing a request of one resource fails.
    has_resources : bool
        Whether the template has the two custom resources, or they are removed from it.
    """
    stack = cdk.Stack(app, name)
    log_group = logs.LogGroup(
        stack, "Logs", retention=logs.RetentionDays.ONE_WEEK, removal_policy=cdk.RemovalPolicy.DESTROY
    )
    function = lambda_.Function(
        stack,
        "Recorder",
        code=lambda_.Code.from_inline((Path(__file__).parent / "recorder_function.py").read_text()),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_13,
        timeout=cdk.Duration.seconds(30),
        log_group=log_group,
    )
    tagger = _tagger(stack, provider_id)
    cdk.CfnOutput(stack, ROLE_OUTPUT, value=tagger.role_arn)
    cdk.CfnOutput(stack, LOG_GROUP_OUTPUT, value=log_group.log_group_name)
    if has_resources:
        for id, policy, seconds in (
            (KEPT, cdk.RemovalPolicy.RETAIN, fails_for_seconds),
            (REMOVED, cdk.RemovalPolicy.DESTROY, 0),
        ):
            resource = cdk.CfnResource(
                stack,
                id,
                type=RESOURCE_TYPE,
                properties={
                    "ServiceToken": function.function_arn,
                    "ServiceTimeout": _RESPONSE_SECONDS,
                    "FailsForSeconds": seconds,
                },
            )
            resource.apply_removal_policy(policy)


def _tagger(stack: cdk.Stack, provider_id: str) -> iam.Role:
    # StringEquals instead of StringEqualsIfExists: a call is allowed only if Connect shows the number's tags to IAM.
    owned = {"StringEquals": {f"aws:ResourceTag/{contract.PROVIDER_TAG}": provider_id}}
    statement = iam.PolicyStatement(
        actions=["connect:DescribePhoneNumber", "connect:TagResource", "connect:UntagResource"],
        resources=[stack.format_arn(service="connect", resource="phone-number", resource_name="*")],
        conditions=owned,
    )
    return iam.Role(
        stack,
        "Tagger",
        description="Shows in an acceptance run whether IAM sees the tags of a phone number",
        assumed_by=cast(iam.IPrincipal, iam.AccountRootPrincipal()),
        inline_policies={"OwnNumbers": iam.PolicyDocument(statements=[statement])},
    )
