"""A validation plugin for the CDK: at synth, it plans what the deployment would do to phone numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import jsii
from aws_cdk import (
    App,
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyValidationStack,
    PolicyViolatingResource,
    PolicyViolation,
)

from .plan_concerns import DEFAULT_CONCERNS, concerns_named

if TYPE_CHECKING:
    from .cli.function_code import findings
    from .cli.places import Place
    from .cli.plan_sources import AssemblyStack

_NAME: Final = "PhoneNumberPlan"
_NOT_READ: Final = "not-planned"
_WARNING: Final = "warning"
_EXTRA: Final = (
    "The plan of phone numbers needs boto3 and PyYAML. Install them with pip install 'cdk-connect-phone-number[cli]'."
)


@jsii.implements(IPolicyValidationPlugin)
class PhoneNumberPlanValidation:
    """A validation plugin that stops synth if the deployment would lose a number, as far as the account can be read.

    It compares the app's templates with what is deployed, as ``connect-phone-numbers plan`` does, with the credentials
    that ``boto3`` finds. Each finding is a violation. Without credentials, and for stacks of other accounts, it only
    warns, and synth goes on. It needs the extra ``cli``, and changes nothing.

    ``Validations.of(app).add_plugins(PhoneNumberPlanValidation())`` adds it. To accept a finding, acknowledge it:
    ``Validations.of(stack).acknowledge(Acknowledgment(id="PhoneNumberPlan::release", reason="…"))``.

    Parameters
    ----------
    fail_on : Sequence[str], default ``("release", "replace", "budget", "refuse")``
        What is a violation: ``"release"``, ``"replace"``, ``"retain"``, ``"budget"``, ``"refuse"``,
        ``"protection"``, ``"rename"``, ``"unknown"``, as ``--fail-on`` of ``connect-phone-numbers plan``.
    profile : str, optional
        A profile of the AWS configuration. By default, the default credentials.

    Raises
    ------
    ValueError
        If ``fail_on`` is empty or has something else.

    Notes
    -----
    https://docs.aws.amazon.com/cdk/v2/guide/policy-validation-synthesis.html
    """

    def __init__(self, *, fail_on: Sequence[str] = DEFAULT_CONCERNS, profile: str | None = None) -> None:
        self._concerns = concerns_named(fail_on)
        self._profile = profile

    @property
    def name(self) -> str:
        """The name of the plugin in the report."""
        return _NAME

    @property
    def version(self) -> str | None:
        """The version of the plugin. It has none of its own."""
        return None

    @property
    def rule_ids(self) -> list[str] | None:
        """The rules that the plugin evaluates: the concerns."""
        return [concern.value for concern in self._concerns]

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Return what the deployment of the app's stacks would do to numbers that is a violation.

        Parameters
        ----------
        context : aws_cdk.IPolicyValidationContext
            The stacks that were synthesized.
        """
        templates = list(context.stack_templates)
        try:
            violations = list(self._violations(cast(App, context.app_construct), templates))
        except ModuleNotFoundError:
            violations = [_warning(_EXTRA, templates)]
        is_clean = all(violation.severity == _WARNING for violation in violations)
        return PolicyValidationPluginReport(success=is_clean, violations=violations)

    def _violations(self, app: App, templates: Sequence[PolicyValidationStack]) -> Iterator[PolicyViolation]:
        from botocore.exceptions import BotoCoreError, ClientError

        from .cli.function_code import deployed
        from .cli.problems import Problem

        try:
            stacks = _stacks(Path(app.outdir), templates)
            left = list(stacks)
            for place in _places(stacks, self._profile):
                here = [each for each in stacks if each.artifact.is_in(place)]
                left = [each for each in left if each not in here]
                yield from self._of_place(place, here)
        except (Problem, deployed.NotReadable, BotoCoreError, ClientError) as problem:
            yield _warning(f"What this deployment does to phone numbers could not be found out. {problem}", templates)
            return
        if left:
            yield _warning(
                "What this deployment does to phone numbers in another account could not be found out. Run "
                "connect-phone-numbers plan with credentials of that account.",
                [each.template for each in left],
            )

    def _of_place(self, place: "Place", stacks: "Sequence[_Stack]") -> Iterator[PolicyViolation]:
        from .cli.function_code import findings, planner
        from .cli.plan_sources import account_of

        made = planner.plan(account_of(place), [each.artifact.deployment(is_deleted=False) for each in stacks])
        for found in findings.findings(made, self._concerns):
            yield PolicyViolation(
                rule_name=found.concern.value,
                description=found.text,
                fix=found.remedy,
                severity="error",
                violating_resources=[_violating(found, stacks)],
            )


@dataclass(frozen=True)
class _Stack:
    """A stack in the cloud assembly, and as the CDK describes it to a plugin."""

    artifact: "AssemblyStack"
    template: PolicyValidationStack


def _stacks(folder: Path, templates: Sequence[PolicyValidationStack]) -> list[_Stack]:
    """Return the stacks that are validated, in the order in which they are deployed."""
    from .cli.plan_sources import assembly_stacks

    known = {Path(each.template_path).resolve(): each for each in templates}
    found = [(each, (each.folder / each.file).resolve()) for each in assembly_stacks(folder, [])]
    return [_Stack(artifact, known[path]) for artifact, path in found if path in known]


def _places(stacks: Sequence[_Stack], profile: str | None) -> "list[Place]":
    """Return the account of the credentials, in the Regions of the stacks."""
    from .cli.places import Selection, Surroundings, open_places

    # A stack without an environment is deployed to the Region of the credentials.
    regions = tuple(dict.fromkeys(each.artifact.region for each in stacks if each.artifact.region))
    return open_places(Selection(profile=profile, regions=regions), Surroundings())


def _violating(found: "findings.Finding", stacks: Sequence[_Stack]) -> PolicyViolatingResource:
    """Return the resource that a finding is about, or else its stack."""

    def is_about(stack: _Stack) -> bool:
        # A nested stack has the name of the outermost one, and more.
        return found.stack == stack.artifact.name or found.stack.startswith(f"{stack.artifact.name}-")

    about = [each for each in stacks if is_about(each)] or stacks
    template = max(about, key=lambda each: len(each.artifact.name)).template
    if found.logical_id:
        return PolicyViolatingResource(
            locations=[], resource_logical_id=found.logical_id, template_path=template.template_path
        )
    return PolicyViolatingResource(
        locations=[], construct_path=template.stack_construct_path, template_path=template.template_path
    )


def _warning(text: str, stacks: Sequence[PolicyValidationStack]) -> PolicyViolation:
    """Return a violation with which synth goes on. A report without violations is not shown."""
    return PolicyViolation(
        rule_name=_NOT_READ,
        description=text,
        severity=_WARNING,
        violating_resources=[
            PolicyViolatingResource(
                locations=[], construct_path=each.stack_construct_path, template_path=each.template_path
            )
            for each in stacks
        ],
    )
