"""The definition of probes, and their execution. No probe can break the run that it is part of."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .asking import Asker, Reply
from .number import Number
from .record import Entry, Record
from .sightings import Sightings


class Stage(StrEnum):
    """When in the lifecycle a probe runs."""

    CLAIMED = "claimed"
    """Right after the claim."""
    REPLACEMENT_REFUSED = "replacement refused"
    """A minute or two later, before the description and the tags are changed."""
    RETAINED = "retained"
    """The stack is deleted, and the number is retained."""
    ADOPTED = "adopted"
    """Another stack has the number, and the provider has not yet seen that the stack is complete."""
    BEFORE_RELEASE = "before the release"
    """Only the release is left to do."""
    RELEASED = "released"
    """The stack and the number are deleted."""


@dataclass(frozen=True)
class Finding:
    """The result of a probe.

    Attributes
    ----------
    is_settled : bool
        Whether the result shows if the assumption holds.
    says : str
        The finding, or why there is none.
    """

    is_settled: bool
    says: str


@dataclass(frozen=True)
class Context:
    """The objects that a probe works with.

    Attributes
    ----------
    number : Number
        The one number of the run.
    asker : Asker
        Calls AWS and keeps the responses.
    sightings : Sightings
        When Connect first showed the number.
    contact_flow_arn : str
        The flow to associate briefly; empty: one of the instance's flows.
    may_repeat_claims : bool
        Whether the allowance is large enough even if refused claims count.
    """

    number: Number
    asker: Asker
    sightings: Sightings
    contact_flow_arn: str = ""
    may_repeat_claims: bool = True


@dataclass(frozen=True)
class Probe:
    """One question to AWS.

    Attributes
    ----------
    name : str
        The probe's name in the record.
    assumption : str
        The assumption that the probe checks, in the words of docs/lifecycle.md, or else of docs/acceptance.md.
    stage : Stage
        When the probe runs.
    calls : tuple[str, ...]
        The operations that it calls, with the service: ``connect:DescribePhoneNumber``.
    ask : Callable[[Context], Finding]
        Runs the probe.
    """

    name: str
    assumption: str
    stage: Stage
    calls: tuple[str, ...]
    ask: Callable[[Context], Finding]


class Probing:
    """Runs probes and records their results.

    Parameters
    ----------
    probes : Iterable[Probe]
        All probes of a run.
    record : Record
        The record of the responses.
    client_of : Callable[[str], Any]
        Returns the client of a service.
    clock : Callable[[], float]
        Returns the time in seconds since the epoch.
    sleep : Callable[[float], object]
        Waits.
    say : Callable[[str], None]
        Reports what happens.
    sightings : Sightings
        When Connect first showed the number.
    contact_flow_arn : str
        The flow to associate briefly. Default: one of the instance's flows.
    may_repeat_claims : bool
        Whether the allowance is large enough even if refused claims count. Default ``True``.
    """

    def __init__(
        self,
        probes: Iterable[Probe],
        record: Record,
        *,
        client_of: Callable[[str], Any],
        clock: Callable[[], float],
        sleep: Callable[[float], object],
        say: Callable[[str], None],
        sightings: Sightings,
        contact_flow_arn: str = "",
        may_repeat_claims: bool = True,
    ) -> None:
        self._probes = tuple(probes)
        self._record = record
        self._client_of = client_of
        self._clock = clock
        self._sleep = sleep
        self._say = say
        self._contact_flow_arn = contact_flow_arn
        self._may_repeat_claims = may_repeat_claims
        self.sightings = sightings

    def at(self, stage: Stage, number: Number) -> None:
        """Run the probes of a stage, whatever their results."""
        for probe in self._probes:
            if probe.stage is stage:
                self._carry_out(probe, number)

    def finish(self, outcome: str) -> None:
        """Record how the run ended, and which probes did not run."""
        for probe in self._probes:
            if probe.name not in self._record.entries:
                self._record.add(_entry(probe, Finding(False, "The run did not get so far.")))
        self._record.outcome = outcome
        self._save()

    def _carry_out(self, probe: Probe, number: Number) -> None:
        asker = Asker(self._client_of, self._clock, self._sleep)
        context = Context(number, asker, self.sightings, self._contact_flow_arn, self._may_repeat_claims)
        self._record.know(number)
        try:
            finding = probe.ask(context)
        except Exception as error:
            # Whatever the error is, the run and its cleanup continue.
            finding = Finding(False, f"The probe failed: {type(error).__name__}.")
            self._say(f"  {error}")
        word = "settled" if finding.is_settled else "not settled"
        self._say(f"  probe {probe.name}: {word}. {finding.says}")
        since = number.claimed_at or (asker.replies[0].at if asker.replies else self._clock())
        self._record.add(_entry(probe, finding, asker.replies, since))
        self._save()

    def _save(self) -> None:
        try:
            self._record.save()
        except Exception as error:
            self._say(f"  the record could not be written: {type(error).__name__} {error}")


def _entry(probe: Probe, finding: Finding, replies: Sequence[Reply] = (), claimed_at: float = 0.0) -> Entry:
    return Entry(
        probe.name, probe.assumption, probe.calls, finding.is_settled, finding.says, tuple(replies), claimed_at
    )
