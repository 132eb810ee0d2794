"""What the scenarios must reach: a run that never reaches a rule proves nothing about it.

Four things are counted: the transitions of claims and their outcomes, as they are written to the ledger's database; the
results of the decision's rules; the places in the function's code that made calls; and the places that faults hit.
``EXPECTED`` is the minimum count of each. A run that does not reach a minimum fails and names it.
"""

import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from types import FrameType
from typing import Any, Final

from lambda_handlers.connect_phone_number import handler
from lambda_handlers.connect_phone_number.claim import Claim, ClaimState, Outcome
from lambda_handlers.connect_phone_number.lifecycle import acknowledging, closing, decision, sweeping

_LIFECYCLE: Final = {str(path): path.stem for path in Path(acknowledging.__file__).parent.glob("*.py")}
"""The names of the lifecycle's modules, by their files."""

_TRANSITIONS: Final = (
    "none -> OPENING",
    "none -> LIVE",
    "none -> CLOSING",
    "OPENING -> LIVE",
    "OPENING -> CLOSING",
    "LIVE -> CLOSING",
    "LIVE -> CLOSED",
    "CLOSING -> LIVE",
    "CLOSING -> CLOSED",
    "CLOSED -> LIVE",
    "CLOSING -> PARKED",
    "PARKED -> CLOSED",
    "PARKED -> CLOSING",
    "PARKED -> LIVE",
)
_RULES: Final[Mapping[str, tuple[str, ...]]] = {
    "stale": ("True", "False"),
    "disowned": ("True", "False", "None"),
    "adoption undone": ("True", "False", "None"),
    "resumed by an Update": ("found", "none", "not told"),
    "a claim is opened": ("OPENING",),
    "a claim is resumed": ("OPENING", "LIVE"),
    "moved without an event": ("found", "none", "not told"),
    "what became of a response": ("acknowledged", "established", "later", "closing"),
    "retained after its Delete failed": ("True", "False"),
    "the guard": ("SUCCESS", "FAILED"),
    "what became of a number": ("RELEASED", "ALREADY_GONE", "RETURNED_TO_INVENTORY", "NOT_OURS", "problem"),
}

EXPECTED: Final[Mapping[str, int]] = {
    **{f"transition {name}": 3 for name in _TRANSITIONS},
    **{f"outcome {outcome.value}": 3 for outcome in Outcome},
    **{f"rule {rule}: {result}": 3 for rule, results in _RULES.items() for result in results},
}
"""The minimum count of each result when every scenario is played under its single faults."""


class Reached:
    """Counts the results that are reached."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.sites: set[str] = set()
        """Places in the function's code that made a call."""
        self.sites_hit: set[str] = set()
        """The places among ``sites`` that a fault has hit."""

    def add(self, other: "Reached") -> None:
        """Add what another run or process reached."""
        self.counts += other.counts
        self.sites |= other.sites
        self.sites_hit |= other.sites_hit

    def missing(self, expected: Mapping[str, int] = EXPECTED, *, sites: bool = True) -> list[str]:
        """Return what was not reached often enough, as text for people.

        Parameters
        ----------
        sites
            Whether a fault must have hit each place that made a call. Default ``True``.
        """
        found = [
            f"{name}: {self.counts[name]} times instead of {least}"
            for name, least in expected.items()
            if self.counts[name] < least
        ]
        not_hit = sorted(self.sites - self.sites_hit) if sites else []
        return found + [f"no fault at {site}" for site in not_hit]

    def saw_call(self, *, is_hit: bool) -> None:
        """Record the place that is making a call right now."""
        site = _site()
        self.sites.add(site)
        if is_hit:
            self.sites_hit.add(site)

    def saw_claim(self, before: str | None, after: Mapping[str, Any] | None) -> None:
        """Record a claim that was written or removed, with the state that it had before."""
        if after is None:
            return
        old, new = before or "none", after["state"]
        if old != new:
            self.counts[f"transition {old} -> {new}"] += 1
            if new == ClaimState.CLOSED:
                self.counts[f"outcome {after['outcome']}"] += 1


_current: list[Reached] = []


def current() -> Reached | None:
    """Return the current counter, or ``None`` if nothing is being counted."""
    return _current[-1] if _current else None


@contextmanager
def counting() -> Generator[Reached]:
    """Count what is reached in this context, in all worlds of this process."""
    reached = Reached()
    undo = list(_watch_rules())
    _current.append(reached)
    try:
        yield reached
    finally:
        _current.remove(reached)
        for restore in undo:
            restore()


def _site() -> str:
    """Return the place in the lifecycle's code that is making the current call."""
    frame: FrameType | None = sys._getframe(2)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        code = frame.f_code
        if module := _LIFECYCLE.get(code.co_filename):
            return _site_name(module, code.co_name, frame.f_lineno)
        frame = frame.f_back
    return "handler"


@cache
def _site_name(module: str, function: str, line: int) -> str:
    return f"{module}.{function}, line {line}"


def _watch_rules() -> Iterable[Callable[[], None]]:
    """Make each rule report its result. Yield the functions that undo this."""
    decide: Any = decision._Decision  # pyright: ignore[reportPrivateUsage]
    yield _watch(decide, "_is_stale", "stale", str)
    yield _watch(decide, "_is_disowned", "disowned", str)
    yield _watch(decide, "_is_adoption_undone", "adoption undone", str)
    yield _watch(decide, "_found_for_update", "resumed by an Update", _found)
    yield _watch(decide, "_open_claim", "a claim is opened", lambda opened: opened[0].state.value)
    yield _watch(decide, "_resume_claim", "a claim is resumed", lambda claim: claim.state.value)
    yield _watch(decision, "find_moved", "moved without an event", _found)
    yield _watch(sweeping, "ask_what_became_of", "what became of a response", _became)
    yield _watch(acknowledging, "was_retained_since", "retained after its Delete failed", str)
    yield _watch(handler, "guard", "the guard", lambda response: response.status.value)
    yield _watch(closing, "_release_number", "what became of a number", _became_of_number)


def _watch(owner: Any, name: str, rule: str, tell: Callable[[Any], str]) -> Callable[[], None]:
    original = getattr(owner, name)

    @wraps(original)
    def watched(*arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        reached = current()
        if reached is not None:
            reached.counts[f"rule {rule}: {tell(result)}"] += 1
        return result

    setattr(owner, name, watched)
    return lambda: setattr(owner, name, original)


def _found(found: object) -> str:
    if found is None:
        return "none"
    return "not told" if isinstance(found, str) else "found"


def _became_of_number(found: tuple[Outcome | None, str]) -> str:
    return found[0].value if found[0] is not None else "problem"


def _became(claim: Claim) -> str:
    if claim.state is ClaimState.CLOSING:
        return "closing"
    if claim.established:
        return "established"
    return "later" if claim.follow_up else "acknowledged"
