"""AWS Lambda's manners with asynchronous invocations.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from .timeline import Killed, Task, Timeline

TIMEOUT_SECONDS: Final = 780.0
MAX_EVENT_AGE_SECONDS: Final = 3600.0
RETRY_PAUSES_SECONDS: Final = (60.0, 120.0)
"""The pauses before the second and the third invocation."""
VISIBILITY_SECONDS: Final = 780.0
"""The time after which the queue redelivers a message that the function did not finish."""
FUNCTION_ARN: Final = "arn:aws:lambda:us-east-1:000000000000:function:provider"

Handle = Callable[[Mapping[str, Any], "Context"], None]
"""The function's handler."""


@dataclass
class Context:
    """Lambda's context object, limited to what the handler uses."""

    clock: Callable[[], float]
    deadline: float
    invoked_function_arn: str = FUNCTION_ARN

    def get_remaining_time_in_millis(self) -> int:
        """Return how many milliseconds are left for this invocation."""
        return int((self.deadline - self.clock()) * 1000)


@dataclass
class LambdaEvent:
    """One asynchronous event with all its invocations.

    Attributes
    ----------
    hold_at
        The call before which the first invocation is held; ``None`` to not hold it.
    invocations
        The invocations made so far.
    is_over
        Whether Lambda is done with the event.
    is_lost
        Whether Lambda has lost the event, so that nobody ever invokes the function for it.
    """

    name: str
    payload: str
    sent_at: float
    hold_at: int | None = None
    invocations: list[Task] = field(default_factory=list[Task])
    is_over: bool = False
    is_lost: bool = False

    @property
    def held(self) -> Task | None:
        """The invocation that is held, or ``None``."""
        return next((task for task in self.invocations if task.is_held), None)


class LambdaService:
    """Delivers events to the function.

    Parameters
    ----------
    handle
        The function's handler.
    crashed
        Called with each invocation that an exception ended, and the exception.
    """

    def __init__(self, timeline: Timeline, handle: Handle, crashed: Callable[[Task, BaseException], None]) -> None:
        self.invocations: list[LambdaEvent] = []
        self.running: list[Task] = []
        self.is_gone = False
        """Whether the function was deleted."""
        self.loses_events = False
        """Whether events are lost from now on."""
        self.loses_given_up = False
        """Whether events whose invocations have failed do not reach the queue from now on."""
        self.stopped_until = 0.0
        """Until when the function may not run, because its reserved concurrency is 0."""
        self._timeline = timeline
        self._handle = handle
        self._crashed = crashed

    @property
    def is_idle(self) -> bool:
        """Whether Lambda is done with all events."""
        return self.is_gone or all(lambda_event.is_over for lambda_event in self.invocations)

    def invoke(self, name: str, event: Mapping[str, Any], hold_at: int | None = None) -> LambdaEvent:
        """Accept an event. Lambda delivers it at once, and again if its invocation fails."""
        lambda_event = LambdaEvent(name, json.dumps(event), self._timeline.now, hold_at)
        self.invocations.append(lambda_event)
        if self.loses_events:
            lambda_event.is_lost = lambda_event.is_over = True
        else:
            self._invoke(lambda_event, self._asynchronous_over)
        return lambda_event

    def new_worker(self) -> str:
        """Return a name that depends only on the running invocation."""
        task = self._timeline.current
        assert task is not None
        return sha256(task.name.encode()).hexdigest()[:32]

    def _invoke(self, lambda_event: LambdaEvent, over: Callable[[LambdaEvent, BaseException | None], None]) -> None:
        if self.is_gone:
            lambda_event.is_over = True
            return
        timeline = self._timeline
        if timeline.now < self.stopped_until:
            self._postpone(lambda_event, over)
            return
        context = Context(timeline.clock, timeline.now + TIMEOUT_SECONDS)

        def body() -> None:
            self._handle(json.loads(lambda_event.payload), context)

        def ended(problem: BaseException | None) -> None:
            self.running.remove(task)
            if problem is not None:
                self._crashed(task, problem)
            over(lambda_event, problem)

        def time_out() -> None:
            if not task.is_over:
                timeline.kill(task)

        task = Task(f"{lambda_event.name}/{len(lambda_event.invocations) + 1}", body, ended)
        if not lambda_event.invocations:
            task.hold_at = lambda_event.hold_at
        lambda_event.invocations.append(task)
        self.running.append(task)
        timeline.at(context.deadline, time_out)
        timeline.start(task)

    def _asynchronous_over(self, lambda_event: LambdaEvent, problem: BaseException | None) -> None:
        if problem is None:
            lambda_event.is_over = True
            return
        timeline = self._timeline
        done = len(lambda_event.invocations)
        pause = RETRY_PAUSES_SECONDS[done - 1] if done <= len(RETRY_PAUSES_SECONDS) else None
        age = timeline.now - lambda_event.sent_at
        if pause is not None and age + pause <= MAX_EVENT_AGE_SECONDS:
            timeline.after(pause, lambda: self._invoke(lambda_event, self._asynchronous_over))
            return
        self._give_up(lambda_event, problem)

    def _postpone(self, lambda_event: LambdaEvent, over: Callable[[LambdaEvent, BaseException | None], None]) -> None:
        """Deliver an event when the function may run again, or give it up when it is too old by then."""
        too_old_at = lambda_event.sent_at + MAX_EVENT_AGE_SECONDS
        if over == self._queued_over or self.stopped_until < too_old_at:
            self._timeline.at(self.stopped_until, lambda: self._invoke(lambda_event, over))
        else:
            self._timeline.at(too_old_at, lambda: self._give_up(lambda_event, None))

    def _give_up(self, lambda_event: LambdaEvent, problem: BaseException | None) -> None:
        """Send an event to the queue, because its last invocation has failed, or because it is too old."""
        lambda_event.is_over = True
        if self.loses_given_up:
            return
        timeline = self._timeline
        done = len(lambda_event.invocations)
        is_exhausted = done > len(RETRY_PAUSES_SECONDS)
        record: dict[str, Any] = {
            "version": "1.0",
            "requestContext": {
                "condition": "RetriesExhausted" if is_exhausted else "EventAgeExceeded",
                "approximateInvokeCount": done,
            },
            "requestPayload": json.loads(lambda_event.payload),
        }
        if is_exhausted:
            error = "Runtime.ExitError" if isinstance(problem, Killed) else type(problem).__name__
            record["responsePayload"] = {"errorType": error, "errorMessage": str(problem)}
        message = {"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": json.dumps(record)}]}
        failed = LambdaEvent(f"given up {lambda_event.name}", json.dumps(message), timeline.now)
        self.invocations.append(failed)
        timeline.after(1.0, lambda: self._invoke(failed, self._queued_over))

    def _queued_over(self, lambda_event: LambdaEvent, problem: BaseException | None) -> None:
        if problem is None:
            lambda_event.is_over = True
            return
        self._timeline.after(VISIBILITY_SECONDS, lambda: self._invoke(lambda_event, self._queued_over))
