"""The simulator's world with real processes. It shares CloudFormation and the judgment; the rest is real."""

import multiprocessing
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from threading import Lock
from typing import Any, Final

from greenlet import greenlet

from lambda_handlers.connect_phone_number.ledger.dynamodb import DynamoDBStore
from lambda_handlers.connect_phone_number.ledger.items import BUDGET_KEY
from lambda_handlers.connect_phone_number.ledger.store import Item
from local_aws.connect_emulator import ConnectEmulator, EmulatedConnectClient, Settings
from local_aws.connect_emulator.server import EmulatorServer
from verification.simulator.clients import StackBooks
from verification.simulator.cloudformation import CloudFormation
from verification.simulator.lambda_service import TIMEOUT_SECONDS, LambdaEvent, LambdaService
from verification.simulator.stack import Stack
from verification.simulator.timeline import START, Killed, Task, Timeline
from verification.simulator.wire import Call, Surface
from verification.simulator.world import REGION, SWEEP_SECONDS, World

from .clock import FastClock
from .invocation import NOT_FINISHED, TABLE_NAME, Surroundings, invoke_function, ledger_client
from .servers import LedgerServer, ResponseBox, StacksServer

_PUMP_SECONDS: Final = 0.003
_SETTLING_SWEEPS: Final = 10
_SETTLING_PAUSE_SECONDS: Final = 1800.0
_A_DAY_AND_MORE_SECONDS: Final = 27 * 3600.0

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["verification.crash_tests.invocation"])


class Crashed(Exception):
    """An invocation ended with an exception that the handler should not raise."""


@dataclass
class _Running:
    task: Task
    process: BaseProcess
    over: Callable[[BaseException | None], None]
    ends_at: float
    dies_at: float | None


class ProcessLambda(LambdaService):
    """Lambda with an operating system process for each invocation.

    Parameters
    ----------
    dies_after
        Called for each invocation. Returns after how many real seconds to kill it, or ``None`` not to kill it.
    """

    def __init__(
        self,
        timeline: Timeline,
        surroundings: Surroundings,
        crashed: Callable[[Task, BaseException], None],
        dies_after: Callable[[], float | None],
    ) -> None:
        super().__init__(timeline, _ignore, crashed)
        self.kills = 0
        self.started = 0
        self._surroundings = surroundings
        self._dies_after = dies_after
        self._processes: list[_Running] = []

    @property
    def is_quiet(self) -> bool:
        """Whether no process is running."""
        return not self._processes

    def watch(self) -> None:
        """Kill the processes whose time has come, and handle those that have ended."""
        for running in list(self._processes):
            is_dying = running.dies_at is not None and time.monotonic() >= running.dies_at
            is_late = self._surroundings.clock.now() >= running.ends_at
            if running.process.exitcode is None and (is_dying or is_late):
                running.process.kill()
                running.process.join()
                self.kills += is_dying and running.process.exitcode is not None and running.process.exitcode < 0
            if running.process.exitcode is None:
                continue
            running.process.join()
            self._processes.remove(running)
            running.over(_problem(running.process.exitcode))

    def _invoke(self, lambda_event: LambdaEvent, over: Callable[[LambdaEvent, BaseException | None], None]) -> None:
        name = f"{lambda_event.name}/{len(lambda_event.invocations) + 1}"

        def ended(problem: BaseException | None) -> None:
            task.is_over = True
            if isinstance(problem, Crashed):
                self._crashed(task, problem)
            over(lambda_event, problem)

        task = Task(name, _nothing, _ignore)
        lambda_event.invocations.append(task)
        self.started += 1
        process = _processes.Process(target=invoke_function, args=(lambda_event.payload, self._surroundings))
        process.start()
        delay = self._dies_after()
        self._processes.append(
            _Running(
                task,
                process,
                ended,
                self._surroundings.clock.now() + TIMEOUT_SECONDS,
                None if delay is None else time.monotonic() + delay,
            )
        )


class _CloudFormation(CloudFormation):
    """CloudFormation that receives responses through a server on this machine."""

    responses_url = ""

    def _url(self, stack: Stack, count: int) -> str:
        scheme, _, rest = super()._url(stack, count).partition("://")
        assert scheme == "https"
        return f"{self.responses_url}/{rest.partition('/')[2]}"


class KillingWorld(World):
    """A world whose function runs in processes that the tests kill.

    Use it as a context manager.

    Parameters
    ----------
    seed
        Seed of all decisions: what the stacks do, and when processes are killed.
    speed
        How many seconds of the world pass in a real second.
    """

    def __init__(self, seed: int, speed: float) -> None:
        super().__init__()
        self.random = random.Random(seed)  # noqa: S311 - decisions of a test
        self.kills_wanted = True
        self._clock = FastClock(START, speed, time.monotonic())
        settings = Settings(throttling=False, quota=10_000, target_limit=10_000)
        self.emulator = ConnectEmulator(self._clock.now, settings, sleep=self._clock.pause, seed=seed)
        self.instance_arn = self.emulator.add_instance(REGION)
        self.client = EmulatedConnectClient(self.emulator, REGION)
        self._connect = EmulatorServer(self.emulator)
        self._ledger = LedgerServer()
        self._responses = ResponseBox(self._take)
        self._stacks = StacksServer(lambda: self.stack_books)
        self.processes = ProcessLambda(
            self.timeline,
            Surroundings(self._clock, self._connect.url, self._ledger.url, self._stacks.url),
            self._crashed,
            self._dies_after,
        )
        self.lambda_service = self.processes
        cloudformation = _CloudFormation(self.timeline, self.lambda_service, self.run_until)
        cloudformation.responses_url = self._responses.url
        self.cloudformation = cloudformation
        self.stack_books = StackBooks(cloudformation, forgets_removed_resources=True)
        self._hub = greenlet.getcurrent()
        self._books = Lock()
        self._audited = 0
        self._next_sweep = START + SWEEP_SECONDS

    def __enter__(self) -> "KillingWorld":
        self._ledger.__enter__()
        self._connect.start()
        self._responses.__enter__()
        self._stacks.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._stacks.__exit__(None, None, None)
        self._responses.__exit__(None, None, None)
        self._connect.stop()
        self._ledger.__exit__(None, None, None)

    def budget_item(self) -> Item | None:
        """Return the ledger's item with the sums of the budget."""
        return DynamoDBStore(ledger_client(self._ledger.url), TABLE_NAME).get(BUDGET_KEY)

    def run_until(self, condition: Callable[[], bool]) -> None:
        """Advance the world until a condition holds. Other stacks continue meanwhile."""
        while not condition():
            if greenlet.getcurrent() is self._hub:
                self.pump()
            else:
                self._hub.switch()

    def pump(self) -> None:
        """Advance the world by a moment."""
        self.processes.watch()
        timeline = self.timeline
        with self._books:
            now = self._clock.now()
            while True:
                due = timeline.next_event_at()
                if due is None or due > now:
                    break
                timeline.go_on()
            timeline.now = now
            if now >= self._next_sweep:
                self._next_sweep = now + SWEEP_SECONDS
                self.sweep()
        time.sleep(_PUMP_SECONDS)

    def run_until_quiet(self) -> None:
        """Stop killing, and advance the world until all due work is done."""
        self.kills_wanted = False
        soon = [_SETTLING_PAUSE_SECONDS] * _SETTLING_SWEEPS
        for seconds in (*soon, _A_DAY_AND_MORE_SECONDS, *soon[:2]):
            self.run_until(lambda: self.processes.is_quiet)
            self._clock.jump(seconds)
            self.pump()
        self.run_until(lambda: self.processes.is_quiet)
        with self._connect.lock:
            self._judge_changes()
        self.wire.calls = [
            Call(index, entry.time, "", index, Surface.CONNECT, entry.operation, entry.parameters)
            for index, entry in enumerate(self.emulator.audit)
        ]

    def _take(self, url: str, response: Mapping[str, Any]) -> int:
        with self._books, self._connect.lock:
            self._judge_changes()
            self.timeline.now = self._clock.now()
            status = self.cloudformation.put(url, response)
            self.on_response(self.cloudformation.requests[url])
            return status

    def _judge_changes(self) -> None:
        new = self.emulator.audit[self._audited :]
        self._audited += len(new)
        for entry in new:
            if entry.took_effect:
                self.on_effect(entry.operation, entry.parameters)

    def _dies_after(self) -> float | None:
        if not self.kills_wanted or self.random.random() < 0.4:
            return None
        return self.random.uniform(0.0, 0.5)


def _problem(exit_code: int) -> BaseException | None:
    if exit_code == 0:
        return None
    if exit_code == NOT_FINISHED:
        return TimeoutError("not finished")
    return Killed() if exit_code < 0 else Crashed(f"exit code {exit_code}")


def _nothing() -> None:
    pass


def _ignore(*_: object) -> None:
    pass
