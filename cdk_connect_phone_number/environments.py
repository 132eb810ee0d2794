"""Where the parts of a number are: partition, Region and account of its target, flow, provider and stack.

A provider works in its own account and Region only, and CloudFormation calls it there. So all parts must be in the same
place. Synth compares those that it knows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from aws_cdk import Stack, Stage
from aws_cdk.region_info import RegionInfo
from constructs import IConstruct

from .phone_number_provider import IPhoneNumberProvider, PhoneNumberProvider
from .properties import known, refuse, stack_of

_NO_STAGE: Final = "no stage"


@dataclass(frozen=True)
class Environment:
    """A partition, a Region and an account; ``None`` for each that synth does not know."""

    partition: str | None = None
    region: str | None = None
    account: str | None = None

    def known(self) -> Iterator[tuple[str, str]]:
        """Yield what is known, with its name."""
        for name, value in (("partition", self.partition), ("Region", self.region), ("account", self.account)):
            if value is not None:
                yield name, value


_OF_CONSTRUCTS: Final[WeakKeyDictionary[IConstruct, Environment]] = WeakKeyDictionary()
"""What was asked about a construct's stack once, since each question is a call to another process."""
_STAGES: Final[WeakKeyDictionary[IConstruct, str]] = WeakKeyDictionary()


def environment_of(scope: IConstruct) -> Environment:
    """Return the environment of a construct's stack."""
    found = _OF_CONSTRUCTS.get(scope)
    if found is None:
        found = _OF_CONSTRUCTS[scope] = _environment_of_stack(stack_of(scope))
    return found


def environment_of_arn(arn: str | None) -> Environment:
    """Return the environment that an ARN names, which may be a token, or absent."""
    _, partition, _, region, account, *_ = [*(known(arn) or "").split(":"), *[""] * 5]
    return Environment(partition or None, region or None, account or None)


def check_environments(
    scope: IConstruct,
    stack: Stack,
    provider: IPhoneNumberProvider,
    arns: Mapping[str, str | None],
    constructs: Mapping[str, IConstruct | None],
) -> None:
    """Refuse parts of a number or pool that are not all in one stage, account and Region, as far as synth knows them.

    Parameters
    ----------
    arns
        The properties that are ARNs, by name.
    constructs
        The properties that are constructs, by name.

    Raises
    ------
    ValueError
        With the construct's path, two of the parts, where each of them is, and what to do.
    """
    if isinstance(provider, PhoneNumberProvider):
        own, other = _stage_of(stack), _stage_of(provider)
        if own != other:
            refuse(
                scope,
                f"the provider {provider.node.path} is in {other or _NO_STAGE}, but this is in {own or _NO_STAGE}. "
                "Stages are deployed independently. Create a provider in each stage, or publish its service_token and "
                "use PhoneNumberProvider.from_ssm_parameter.",
            )
    found: dict[str, tuple[_Part, str]] = {}
    for part in _parts(stack, provider, arns, constructs):
        for kind, value in part.environment.known():
            first, expected = found.setdefault(kind, (part, value))
            if expected != value:
                refuse(
                    scope,
                    f"{part} is in {kind} {value}, but {first} is in {kind} {expected}. A provider works in one "
                    "account and Region, for stacks and targets there. Use a provider and a target of the account and "
                    "Region to which the stack is deployed.",
                )


def _stage_of(construct: IConstruct) -> str:
    """Return the stage of a construct, as a message shows it; empty for the app itself."""
    found = _STAGES.get(construct)
    if found is None:
        stage = Stage.of(construct)
        path = "" if stage is None else stage.node.path
        found = _STAGES[construct] = f"the stage {path}" if path else ""
    return found


@dataclass(frozen=True)
class _Part:
    name: str
    value: str | IConstruct | None
    environment: Environment

    def __str__(self) -> str:
        match self.value:
            case None:
                return self.name
            case str():
                return f"{self.name} {self.value!r}"
            case _:
                return f"{self.name} {self.value.node.path}"


def _parts(
    stack: Stack,
    provider: IPhoneNumberProvider,
    arns: Mapping[str, str | None],
    constructs: Mapping[str, IConstruct | None],
) -> Iterator[_Part]:
    yield _Part("the stack", None, environment_of(stack))
    if isinstance(provider, PhoneNumberProvider):
        yield _Part("the provider", provider, environment_of(provider))
    else:
        token = provider.service_token
        yield _Part("the provider's service_token", token, environment_of_arn(token))
    yield from (_Part(name, arn, environment_of_arn(arn)) for name, arn in arns.items() if arn is not None)
    yield from (_Part(name, made, environment_of(made)) for name, made in constructs.items() if made is not None)


def _environment_of_stack(stack: Stack) -> Environment:
    region = known(stack.region)
    partition = None if region is None else RegionInfo.get(region).partition
    return Environment(partition, region, known(stack.account))
