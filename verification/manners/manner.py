"""The entries of the tables of manners: a behavior of AWS, where it is described, and how the simulator plays it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal


class Service(StrEnum):
    """The service that a behavior belongs to, in the order of the document."""

    CLOUDFORMATION = "AWS CloudFormation"
    LAMBDA = "AWS Lambda and its queue"
    DYNAMODB = "Amazon DynamoDB"
    S3 = "Amazon S3"
    IAM = "AWS IAM"
    QUOTAS = "Service Quotas"
    CONNECT = "Amazon Connect"


@dataclass(frozen=True)
class Document:
    """A page or a file that describes a behavior."""

    title: str
    url: str

    def link(self) -> str:
        """Return a Markdown link."""
        return f"[{self.title}]({self.url})"


@dataclass(frozen=True)
class Issue:
    """An issue or a pull request that describes a behavior.

    Parameters
    ----------
    thread
        For example ``aws/aws-cdk#26139``.
    """

    thread: str

    def link(self) -> str:
        """Return a Markdown link. GitHub redirects the address of an issue to the pull request with that number."""
        repository, _, number = self.thread.partition("#")
        return f"[{self.thread}](https://github.com/{repository}/issues/{number})"


ASSUMED: Final = "not documented: assumed"
Source = Document | Issue | Literal["not documented: assumed"]


class Kind(StrEnum):
    """The kind of thing that turns a behavior on."""

    SCENARIO = "scenario"
    FAULT = "fault"
    WORLD = "world"
    SETTING = "setting"
    OPTION = "option"
    INTERLEAVING = "interleaving"


@dataclass(frozen=True)
class Switch:
    """The thing that turns a behavior on.

    Parameters
    ----------
    patterns
        Names, each of which may be a pattern, as for ``fnmatch``.
    surface
        Only for faults: pattern of the surfaces whose calls they hit.
    """

    kind: Kind
    patterns: tuple[str, ...]
    surface: str = "*"


def scenario(*patterns: str) -> Switch:
    """Return the switch of a behavior that scenarios play."""
    return Switch(Kind.SCENARIO, patterns)


def fault(surface: str, *patterns: str) -> Switch:
    """Return the switch of a behavior that is a fault of a call."""
    return Switch(Kind.FAULT, patterns, surface)


def world(*names: str) -> Switch:
    """Return the switch of a behavior of another world, in which every short scenario is played again."""
    return Switch(Kind.WORLD, names)


def setting(*names: str) -> Switch:
    """Return the switch of a behavior that is a setting of the emulator of Amazon Connect."""
    return Switch(Kind.SETTING, names)


def option(*names: str) -> Switch:
    """Return the switch of a behavior that is an option of the simulated world."""
    return Switch(Kind.OPTION, names)


def interleaving(*names: str) -> Switch:
    """Return the switch of a behavior that is explored in every order of calls."""
    return Switch(Kind.INTERLEAVING, names)


@dataclass(frozen=True)
class Manner:
    """A behavior that the simulator plays."""

    service: Service
    statement: str
    source: Source
    switch: Switch


class Why(StrEnum):
    """The reason why a behavior is not played."""

    CANNOT_HAPPEN = "cannot happen"
    HARMLESS = "harmless"
    CANNOT_BE_PREVENTED = "cannot be prevented"


@dataclass(frozen=True)
class NotPlayed:
    """A behavior that was considered but is not played.

    Parameters
    ----------
    reason
        Why it cannot happen, does no harm, or cannot be prevented. For the last: what happens then.
    """

    service: Service
    statement: str
    source: Source
    why: Why
    reason: str
