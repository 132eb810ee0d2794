"""When Connect first shows a number that the function claims. The search runs during the deployment."""

import threading
from collections.abc import Callable
from typing import Any, Final, Self

from .asking import Asker, Members, Reply

PAUSE_SECONDS: Final = 2.0
"""Well below the limit of two calls per second for an account, of which the function uses a part."""

_END_SECONDS: Final = 30.0


class Sightings:
    """Looks for numbers that did not exist before, and keeps the first response that shows each.

    Parameters
    ----------
    asker : Asker
        Calls Connect.
    known_before : frozenset[str]
        ARNs of the numbers that already existed.
    target_arn : str
        The target that the new number is claimed to.
    """

    def __init__(self, asker: Asker, known_before: frozenset[str], target_arn: str) -> None:
        self._asker = asker
        self._known_before = known_before
        self._target_arn = target_arn
        self._listed: dict[str, Reply] = {}
        self._described: dict[str, Reply] = {}

    def look(self) -> None:
        """Look once."""
        listed = self._asker.ask("first listed", "ListPhoneNumbersV2", TargetArn=self._target_arn)
        for summary in (listed.response or {}).get("ListPhoneNumbersSummaryList", []):
            arn = str(summary.get("PhoneNumberArn", ""))
            if arn and arn not in self._known_before:
                self._listed.setdefault(arn, _with_one(listed, summary))
        for arn in self._listed.keys() - self._described.keys():
            described = self._asker.ask("first described", "DescribePhoneNumber", PhoneNumberId=arn)
            if described.response is not None:
                self._described[arn] = described
        # Only the first responses count.
        self._asker.replies.clear()

    def listed(self, arn: str) -> Reply | None:
        """Return the first response of ListPhoneNumbersV2 that had a number, reduced to that number."""
        return self._listed.get(arn)

    def described(self, arn: str) -> Reply | None:
        """Return the first response of DescribePhoneNumber for a number."""
        return self._described.get(arn)

    def while_something_happens(self) -> "Watch":
        """Return a context manager that looks continuously until it ends."""
        return Watch(self.look)


class Watch:
    """Looks in its own thread until the ``with`` statement ends, whatever the results are.

    Parameters
    ----------
    look : Callable[[], None]
        Looks once.
    wait : Callable[[threading.Event], bool]
        Waits before the next look. Returns whether to stop instead. Default: waits for ``PAUSE_SECONDS``.
    """

    def __init__(
        self,
        look: Callable[[], None],
        wait: Callable[[threading.Event], bool] = lambda end: end.wait(PAUSE_SECONDS),
    ) -> None:
        self._look = look
        self._wait = wait
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go_on_looking, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(_END_SECONDS)

    def _go_on_looking(self) -> None:
        while not self._wait(self._end):
            try:
                self._look()
            except Exception:  # noqa: S112 - the next look may succeed, and no single look is needed
                continue


def _with_one(reply: Reply, summary: Any) -> Reply:
    response: Members = {"ListPhoneNumbersSummaryList": [summary]}
    return Reply(
        reply.label, reply.operation, reply.parameters, reply.at, response=response, http_status=reply.http_status
    )
