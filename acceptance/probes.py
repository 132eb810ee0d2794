"""What a probe is, and how probes are carried out: none of them can break the run that it is a part of."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .asking import Asker, Reply
from .number import Number
from .record import Entry, Record
from .sightings import Sightings


class Stage(StrEnum):
    """When in the lifecycle a probe has its turn."""

    CLAIMED = "claimed"
    """Right after the claim."""
    REPLACEMENT_REFUSED = "replacement refused"
    """A minute or two later, before description and tags are changed."""
    RETAINED = "retained"
    """The stack is deleted, and the number is kept."""
    ADOPTED = "adopted"
    """Another stack has the number, and the provider has not seen yet that it is complete."""
    BEFORE_RELEASE = "before the release"
    """All is over but the release."""
    RELEASED = "released"
    """The stack is deleted, and so is the number."""


@dataclass(frozen=True)
class Finding:
    """What a probe has found out.

    Attributes
    ----------
    is_settled : bool
        Whether it tells if the assumption holds.
    says : str
        What was found, or why nothing was.
    """

    is_settled: bool
    says: str


@dataclass(frozen=True)
class Context:
    """What a probe has to do with.

    Attributes
    ----------
    number : Number
        The one number.
    asker : Asker
        Calls AWS, and keeps the responses.
    sightings : Sightings
        When Connect first showed the number.
    contact_flow_arn : str
        The flow to associate for a moment; empty: one that the instance has.
    may_repeat_claims : bool
        Whether the allowance is large enough for refused claims to count.
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
        Its name in the record.
    assumption : str
        What it settles, in the words of docs/lifecycle.md, or of docs/acceptance.md where that page does not have it.
    stage : Stage
        When it is asked.
    calls : tuple[str, ...]
        The operations that it calls, by service: ``connect:DescribePhoneNumber``.
    ask : Callable[[Context], Finding]
        Asks.
    """

    name: str
    assumption: str
    stage: Stage
    calls: tuple[str, ...]
    ask: Callable[[Context], Finding]


class Probing:
    """Carries probes out, and records what came of them.

    Parameters
    ----------
    probes : Iterable[Probe]
        All of a run.
    record : Record
        Where the responses go.
    client_of : Callable[[str], Any]
        Returns the client of a service.
    clock : Callable[[], float]
        Returns the time in seconds since the epoch.
    sleep : Callable[[float], object]
        Waits.
    say : Callable[[str], None]
        Tells what happens.
    sightings : Sightings
        When Connect first showed the number.
    contact_flow_arn : str
        The flow to associate for a moment. Default: one that the instance has.
    may_repeat_claims : bool
        Whether the allowance is large enough for refused claims to count. Default ``True``.
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
        """Carry out the probes of a stage, whatever comes of them."""
        for probe in self._probes:
            if probe.stage is stage:
                self._carry_out(probe, number)

    def finish(self, outcome: str) -> None:
        """Record how the run ended, and which probes had no turn."""
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
            # Whatever it is: the run and its clean-up go on.
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
