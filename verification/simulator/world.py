"""One simulated account and Region: the handler and everything around it."""

import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from lambda_handlers.connect_phone_number.budget import Policy
from lambda_handlers.connect_phone_number.cloudformation.response import ResponseNotDelivered
from lambda_handlers.connect_phone_number.cloudformation.stacks import SETTLING_SECONDS
from lambda_handlers.connect_phone_number.handler import Dependencies, Function
from lambda_handlers.connect_phone_number.ledger.items import BUDGET_KEY, DUE, PARKED
from lambda_handlers.connect_phone_number.ledger.store import Item
from lambda_handlers.connect_phone_number.timing import NotFinished, TimedOut
from local_aws.connect_emulator import ConnectEmulator, EmulatedConnectClient
from local_aws.connect_emulator import Settings as EmulatorSettings

from .clients import (
    HttpStatus,
    LedgerRefused,
    SimulatedConnect,
    SimulatedQuotas,
    SimulatedStacks,
    SimulatedStore,
    StackBooks,
)
from .cloudformation import CloudFormation
from .lambda_service import LambdaEvent, LambdaService
from .memory_store import MemoryStore
from .requests import SentRequest
from .stack import Stack
from .timeline import START, Chooser, Killed, Task, Timeline
from .wire import Injector, Surface, Wire

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

REGION: Final = "us-east-1"
PROVIDER_ID: Final = "provider"
SWEEP_SECONDS: Final = 300.0
QUIET_SECONDS: Final = 30 * 3600.0
"""How long the world continues after a scenario: longer than Connect holds a number that it cannot provide."""
NEVER_QUIET_SECONDS: Final = 100 * 3600.0

_MOST_STEPS: Final = 100_000
"""A scenario waits for at most so many steps. With a broken handler, events may be delivered again for ever."""

_EXPECTED_ENDS: Final = (Killed, LedgerRefused, NotFinished, TimedOut, ResponseNotDelivered)


class Endless(AssertionError):
    """The world does not become quiet."""


@dataclass(frozen=True)
class Options:
    """The options of a world.

    Parameters
    ----------
    settling_seconds
        How long after its begin an invocation for a request first asks CloudFormation, in seconds. Default 30.
    signs_time
        Whether CloudFormation's presigned URLs show when they were signed. Default ``True``.
    emulator
        How Connect behaves. Default: without throttling.
    index_lag_seconds
        How many seconds the ledger's index is late. Default 0.
    clock_difference_seconds
        The difference between the clocks of two hosts of the function, in seconds. Default 0.
    expires
        When DynamoDB removes expired items: ``promptly``, or ``late`` (after days). Default ``promptly``.
    budget
        What the function is told about the budget of claims and releases. Default: nothing.
    tells_quota
        Whether the function may ask Service Quotas. Default ``False``.
    sweeps_always
        Whether to also play the schedule's calls that find no work. Default ``False``.
    forgets_removed_resources
        Whether DescribeStackResource no longer knows a resource that was removed from its stack. Default ``True``.
    stacks_lag_seconds
        How long CloudFormation's API does not show a change of a stack, in seconds. Default 0.
    enters_replacements_late
        Whether CloudFormation's API shows the physical id of a replacement only when the update is over. Default
        ``False``.
    """

    settling_seconds: float = SETTLING_SECONDS
    signs_time: bool = True
    emulator: EmulatorSettings = field(default_factory=lambda: EmulatorSettings(throttling=False))
    index_lag_seconds: float = 0.0
    clock_difference_seconds: float = 0.0
    expires: Literal["promptly", "late"] = "promptly"
    forgets_removed_resources: bool = True
    stacks_lag_seconds: float = 0.0
    enters_replacements_late: bool = False
    sweeps_always: bool = False
    budget: Policy = field(default_factory=Policy)
    tells_quota: bool = False


class World:
    """The simulated account and Region, with CloudFormation, Lambda, Connect, and the ledger.

    Parameters
    ----------
    injector
        Decides which calls of the handler are hit by faults.
    chooser
        Decides which invocation continues when several run at the same time.
    jitter
        Returns a number from 0 to 1, by which the function varies its pauses. Default: always 0.5.
    """

    def __init__(
        self,
        options: Options | None = None,
        injector: Injector | None = None,
        chooser: Chooser | None = None,
        jitter: Callable[[], float] = lambda: 0.5,
    ) -> None:
        self.options = options = options or Options()
        self.timeline = Timeline(chooser)
        self.wire = Wire(self.timeline, injector, self)
        self.wire.keeps_history = chooser is not None
        self.violations: list[str] = []
        self.by_hand: set[str] = set()
        """ARNs of numbers that a person has claimed by hand."""
        self.taken_over: set[str] = set()
        """ARNs of numbers that the handler has claimed and another owner has taken over."""
        self.released_by_hand: set[str] = set()
        """ARNs of numbers that a person has released by hand."""
        self.full_targets: set[str] = set()
        """ARNs of instances and groups that take no numbers."""
        self.on_response: Callable[[SentRequest], None] = _ignore
        """Called with each request at the moment when its response arrives."""
        self.on_effect: Callable[[str, Mapping[str, Any]], None] = _ignore
        """Called at the moment when the handler changes something in Connect, with the operation and its parameters."""
        self.expectations: list[tuple[Callable[[], bool], str]] = []
        """Conditions that must hold in the end, in addition to the contract."""
        self.log: list[str] = []
        self.emulator = ConnectEmulator(self.timeline.clock, options.emulator, sleep=_no_sleep)
        self.instance_arn = self.emulator.add_instance(REGION)
        self.client = EmulatedConnectClient(self.emulator, REGION)
        """A client for changes that people make in Connect by hand."""
        self.store = MemoryStore(self.timeline.clock, options.index_lag_seconds, expires=options.expires == "promptly")
        self._function = Function(
            Dependencies(
                connect=cast("ConnectClient", SimulatedConnect(self)),
                store=SimulatedStore(self),
                stacks=SimulatedStacks(self),
                put=self._put,
                clock=self._host_clock,
                pause=self.timeline.pause,
                write_line=self.log.append,
                provider_id=PROVIDER_ID,
                new_worker=lambda: self.lambda_service.new_worker(),
                jitter=jitter,
                budget=options.budget,
                quotas=SimulatedQuotas(self) if options.tells_quota else None,
                settling_seconds=options.settling_seconds,
            )
        )
        self.lambda_service = LambdaService(self.timeline, self._function.handle, self._crashed)
        self.cloudformation = CloudFormation(
            self.timeline,
            self.lambda_service,
            self.run_until,
            options.signs_time,
            options.enters_replacements_late,
        )
        self.stack_books = StackBooks(
            self.cloudformation,
            forgets_removed_resources=options.forgets_removed_resources,
            lag_seconds=options.stacks_lag_seconds,
        )
        self.is_explored = False
        """Whether the scenario is at the point where the order of calls is to be varied."""
        self.is_provider_gone = False
        """Whether the provider's stack was destroyed. Nothing runs any more then."""
        self.is_ledger_damaged = False
        """Whether items of the ledger were lost or changed from outside."""
        self.is_schedule_stopped = False
        """Whether the schedule no longer calls the function."""
        self._last_sweep = START
        self._audit_counted = 0
        self._audit_sum = 0

    # --- What scenarios do ---

    def stack(self, name: str = "app", parent: Stack | None = None) -> Stack:
        """Return a new stack, nested in ``parent`` if that is given. A later one of the same name has another id."""
        return self.cloudformation.stack(name, parent)

    def number(self, **properties: Any) -> dict[str, Any]:
        """Return the properties of a number in the United States; ``properties`` adds to or replaces the defaults."""
        usual = {"TargetArn": self.instance_arn, "CountryCode": "US", "Type": "DID", "ServiceTimeout": 3600}
        return {**usual, **properties}

    def claim_by_hand(self, country_code: str = "US") -> tuple[str, str]:
        """Claim a number in Connect as a person does who does not know the provider. Return the ARN and the number."""
        found = self.client.search_available_phone_numbers(
            TargetArn=self.instance_arn, PhoneNumberCountryCode=country_code, PhoneNumberType="DID"
        )
        number = found["AvailableNumbersList"][-1]["PhoneNumber"]
        arn = self.client.claim_phone_number(TargetArn=self.instance_arn, PhoneNumber=number)["PhoneNumberArn"]
        self.by_hand.add(arn)
        self.sleep_until_provided()
        return arn, number

    def sleep_until_provided(self) -> None:
        """Advance the world until a number that was just claimed by hand can be seen and changed."""
        settings = self.emulator.settings
        self.sleep(10 + settings.claim_seconds + settings.describe_lag_seconds)

    def sleep_until_shown(self) -> None:
        """Advance the world until Connect shows what a person has just changed as done, if that takes time."""
        settings = self.emulator.settings
        if lag := max(settings.change_lag_seconds, settings.description_seconds):
            self.sleep(lag)

    def release_by_hand(self, arn: str) -> None:
        """Release a number in Connect as a person does who does not know the provider."""
        self.client.release_phone_number(PhoneNumberId=arn)
        self.released_by_hand.add(arn)

    @property
    def established(self) -> set[str]:
        """ARNs of the numbers that belong to a resource since a complete deployment."""
        return self.cloudformation.established

    def upgrade(self) -> None:
        """Rewrite the ledger as if another version of the function had written it.

        That version omits attributes that have the default value, and adds an attribute of its own.
        """
        for item in self.store.dump():
            changed = {name: value for name, value in item.items() if value not in ("", 0, False, [], {})}
            changed = {**changed, "version": item["version"], "of_another_version": "something"}
            self.store.replace(changed)

    def forget_retained(self) -> None:
        """Record that the numbers that stacks let go of have a new owner, which may delete them."""
        self.cloudformation.retained.clear()

    def destroy_provider(self) -> None:
        """Destroy the function and its schedule. Unfinished work stays unfinished."""
        self.is_provider_gone = True
        for task in list(self.lambda_service.running):
            self.timeline.kill(task)
        self.lambda_service.is_gone = True

    def deploy_provider_again(self) -> None:
        """Deploy the provider again, with the ledger that it has left."""
        self.is_provider_gone = self.lambda_service.is_gone = False

    def wait(self, *requests: SentRequest) -> None:
        """Advance the world until CloudFormation no longer waits for the requests."""
        self.cloudformation.wait(*requests)

    def wait_until_held(self, request: SentRequest) -> None:
        """Advance the world until the request's first invocation is held, or has ended without being held."""
        first = request.lambda_event.invocations[0]
        self.run_until(lambda: first.is_held or first.is_over)

    def let_go(self, request: SentRequest) -> None:
        """Let the request's held invocation continue."""
        for task in request.lambda_event.invocations:
            self.timeline.release(task)

    def sleep(self, seconds: float) -> None:
        """Advance the world by some seconds."""
        until = self.timeline.now + seconds
        self.timeline.at(until, _nothing)
        self.run_until(lambda: self.timeline.now >= until)

    def sweep(self, hold_at: int | None = None) -> LambdaEvent:
        """Let the schedule call the function now."""
        name = f"sweep at {self.timeline.now - START:.0f}s"
        return self.lambda_service.invoke(name, {"action": "sweep"}, hold_at)

    def expect_at_the_end(self, condition: Callable[[], bool], what: str) -> None:
        """Check a condition after everything has come to rest. Record a violation if it does not hold."""
        self.expectations.append((condition, what))

    def expect(self, condition: bool, what: str) -> None:
        """Record a violation if the condition does not hold."""
        if not condition:
            self.violations.append(f"Not so: {what}")

    @property
    def was_hit(self) -> bool:
        """Whether a fault has hit the run."""
        return any(call.fault for call in self.wire.calls)

    def expect_unless_hit(self, condition: bool, what: str) -> None:
        """Record a violation if the condition does not hold in a run that no fault has hit."""
        if not self.was_hit:
            self.expect(condition, what)

    def run_until(self, condition: Callable[[], bool]) -> None:
        """Advance the world until a condition holds."""
        for _ in range(_MOST_STEPS):
            if condition():
                return
            if not self._step():
                break
        raise Endless("what a scenario waits for does not happen")

    def run_until_quiet(self) -> None:
        """Advance the world for as long as anything is still to come: retries, sweeps, claims that lapse."""
        timeline = self.timeline
        self.wire.is_closed = True
        for lambda_event in self.lambda_service.invocations:
            for task in lambda_event.invocations:
                timeline.release(task)
        end = timeline.now + QUIET_SECONDS
        last = timeline.now + NEVER_QUIET_SECONDS
        while True:
            upcoming = self._upcoming()
            if not timeline.ready and (upcoming is None or upcoming > end):
                if self.lambda_service.is_idle and (self.is_provider_gone or self._next_due_at() is None):
                    break
                end = upcoming or end
                if end > last:
                    self.violations.append(f"Never quiet: {self._next_due_at()} is still due")
                    break
            if not self._step():
                break
        timeline.now = max(timeline.now, end)

    def pools(self) -> list[Item]:
        """Return the ledger's items of the pools that are there."""
        return [item for item in self.store.dump() if item["sk"] == "POOL" and not item["is_deleted"]]

    def budget_item(self) -> Item | None:
        """Return the ledger's item with the sums of the budget."""
        return self.store.get(BUDGET_KEY)

    def fingerprint(self) -> int:
        """Return a number that is the same for worlds with the same future, within this process."""
        audit = self.emulator.audit
        for entry in audit[self._audit_counted :]:
            if entry.took_effect or (entry.client_token is not None and entry.outcome == "ok"):
                # The sum is the same for the same calls in another order.
                self._audit_sum += hash((entry.operation, entry.phone_number_arn, entry.client_token, entry.time))
        self._audit_counted = len(audit)
        numbers = [
            (number.arn, number.status, number.target_arn, number.description, str(number.tags), number.visible_at)
            for number in self.emulator.numbers()
        ]
        tasks = [
            (task.name, task.history, task.is_begun, task.is_over, task.ended_at, task.wakes_at, task.calls)
            for lambda_event in self.lambda_service.invocations
            for task in lambda_event.invocations
        ]
        requests = [
            (
                request.state,
                *((response.status, response.physical_id, response.counts) for response in request.responses),
            )
            for request in self.cloudformation.requests.values()
        ]
        parts = (self.timeline.now, self._audit_sum, self.store.fingerprint(), *numbers, *tasks, *requests)
        return hash(parts)

    # --- Parts ---

    def _host_clock(self) -> float:
        """Return the time on the host of the running invocation."""
        difference = self.options.clock_difference_seconds
        if difference and self.timeline.current is not None:
            is_fast = sha256(self.timeline.current.name.encode()).digest()[0] % 2
            return self.timeline.now + (difference / 2 if is_fast else -difference / 2)
        return self.timeline.now

    def _step(self) -> bool:
        timeline = self.timeline
        if not timeline.ready:
            sweep_at = self._next_sweep_at()
            event_at = timeline.next_event_at()
            if sweep_at is not None and (event_at is None or sweep_at <= event_at):
                timeline.now = max(timeline.now, sweep_at)
                self._last_sweep = sweep_at
                self.sweep()
            elif event_at is None:
                return False
        timeline.go_on()
        return True

    def _upcoming(self) -> float | None:
        times = [time for time in (self._next_sweep_at(), self.timeline.next_event_at()) if time is not None]
        return min(times, default=None)

    def _next_due_at(self) -> int | None:
        times = [at for name in (DUE, PARKED) if (at := self.store.next_due_at(name)) is not None]
        return min(times, default=None)

    def _next_sweep_at(self) -> float | None:
        """Return the time of the schedule's next call that has work to do. The other calls change nothing."""
        due_at = START if self.options.sweeps_always else self._next_due_at()
        if due_at is None or self.is_provider_gone or self.is_schedule_stopped:
            return None
        # The schedule calls every five minutes. Overdue work waits for the next call.
        earliest = max(due_at - START, self._last_sweep - START + 1, self.timeline.now - START)
        return START + ceil(earliest / SWEEP_SECONDS) * SWEEP_SECONDS

    def _crashed(self, task: Task, problem: BaseException) -> None:
        if not isinstance(problem, _EXPECTED_ENDS):
            where = "".join(traceback.format_exception(problem)[-4:])
            self.violations.append(f"Unexpected end of {task.name}: {type(problem).__name__}: {problem}\n{where}")

    def _put(self, url: str, body: bytes) -> int:
        response = json.loads(body)
        summary = {"Status": response["Status"], "PhysicalResourceId": response["PhysicalResourceId"]}
        try:
            return self.wire.call(
                Surface.RESPONSE,
                "put",
                {**summary, "Reason": response["Reason"][:160]},
                lambda: self._taken(url, response),
            )
        except HttpStatus as refusal:
            if refusal.is_final:
                self.cloudformation.requests[url].undeliverable = True
            return refusal.status

    def _taken(self, url: str, response: Mapping[str, Any]) -> int:
        status = self.cloudformation.put(url, response)
        if status == HTTPStatus.OK:
            self.on_response(self.cloudformation.requests[url])
        return status


def _no_sleep(seconds: float) -> None:
    raise AssertionError(f"the emulator wants to sleep for {seconds} seconds")


def _nothing() -> None:
    pass


def _ignore(*_: object) -> None:
    pass
