"""A state machine for random walks: stacks do anything they can, in a world where anything can fail at any time."""

from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from verification.simulator.faults import faults_of
from verification.simulator.invariants import Needed, check, watch
from verification.simulator.requests import SentRequest
from verification.simulator.stack import Stack
from verification.simulator.wire import Call, Fault
from verification.simulator.world import World

_STACKS: Final = ("red", "green")
_OPERATIONS: Final = ("ClaimPhoneNumber", "ReleasePhoneNumber", "DescribePhoneNumber", "UpdatePhoneNumber")

stack_names = st.sampled_from(_STACKS)
steps = st.integers(min_value=0, max_value=24)


class FaultsToCome:
    """Hits future calls: one of the next calls, or many in a row."""

    def __init__(self) -> None:
        self.waiting: list[list[int]] = []
        self.storm: list[int] = []
        """The faults of the next calls: 0 for none, otherwise a number that selects one of the call's faults."""

    def fault_for(self, call: Call) -> Fault | None:
        """Return the fault that hits a call, or ``None``."""
        found: Fault | None = None
        which = self.storm.pop() if self.storm else 0
        if which:
            options = faults_of(call)
            found = options[which % len(options)]
        for entry in self.waiting:
            entry[0] -= 1
            if entry[0] == 0:
                options = faults_of(call)
                found = options[entry[1] % len(options)]
        self.waiting = [entry for entry in self.waiting if entry[0] > 0]
        return found


class Life(RuleBasedStateMachine):
    """What can happen to two stacks with one number each."""

    def __init__(self) -> None:
        super().__init__()
        self.faults = FaultsToCome()
        self.world = World(injector=self.faults)
        self.stacks: dict[str, Stack] = {}
        self.running: dict[str, SentRequest] = {}
        self.generation = 0
        watch(self.world)

    @initialize()
    def begin(self) -> None:
        """Create the stacks."""
        for name in _STACKS:
            self._renew(name)

    # --- What CloudFormation does ---

    @rule(name=stack_names, country=st.sampled_from(("US", "GB")), prefix=st.booleans())
    def create(self, name: str, country: str, prefix: bool) -> None:
        """Create the stack's number if it has none."""
        stack = self._deployable(name)
        if stack is not None and "Number" not in stack.resources:
            properties = self._properties(country, **({"Prefix": "+1"} if prefix and country == "US" else {}))
            if not stack.create("Number", properties):
                self._renew(name)

    @rule(name=stack_names, step=steps)
    def begin_create(self, name: str, step: int) -> None:
        """Begin to create the stack's number, and hold the invocation at a step."""
        stack = self._deployable(name)
        if stack is not None and "Number" not in stack.resources:
            request = stack.begin_create("Number", self._properties("US"), hold_at=step)
            self.world.wait_until_held(request)
            self.running[name] = request

    @precondition(lambda self: any(request.type == "Create" for request in self.running.values()))
    @rule(name=stack_names, seconds=st.integers(min_value=0, max_value=1000))
    def cancel(self, name: str, seconds: int) -> None:
        """Cancel a creation in progress, and let the invocation continue some time later."""
        request = self.running.get(name)
        if request is not None and request.type == "Create" and not request.is_settled:
            del self.running[name]
            deletion = self.stacks[name].begin_cancel_create(request)
            self.world.sleep(seconds)
            self.world.let_go(request)
            self.world.wait(deletion)
            self.stacks[name].finish_cancel_create(deletion)
            self._renew(name)

    @precondition(lambda self: bool(self.running))
    @rule(name=stack_names)
    def let_go(self, name: str) -> None:
        """Let a held invocation continue, and wait for its response."""
        self._finish(name)

    @rule(name=stack_names, text=st.sampled_from(("", "one", "two")), country=st.sampled_from(("US", "GB", "AD")))
    def update(self, name: str, text: str, country: str) -> None:
        """Change or replace the number."""
        stack = self._deployable(name)
        if stack is not None and "Number" in stack.resources:
            stack.update("Number", self._properties(country, Description=text))

    @rule(name=stack_names, country=st.sampled_from(("US", "GB")), step=steps)
    def begin_update(self, name: str, country: str, step: int) -> None:
        """Begin to change or replace the number, and hold the invocation at a step."""
        stack = self._deployable(name)
        if stack is not None and "Number" in stack.resources:
            request = stack.begin_update("Number", self._properties(country), hold_at=step)
            self.world.wait_until_held(request)
            self.running[name] = request

    @precondition(lambda self: any(request.type == "Update" for request in self.running.values()))
    @rule(name=stack_names, seconds=st.integers(min_value=0, max_value=1000))
    def roll_back(self, name: str, seconds: int) -> None:
        """Cancel an update in progress."""
        request = self.running.get(name)
        if request is None or request.type != "Update":
            return
        del self.running[name]
        stack = self.stacks[name]
        if request.is_settled:
            stack.finish_update(request)
        back = stack.begin_roll_back(request)
        self.world.sleep(seconds)
        self.world.let_go(request)
        self.world.wait(back)
        if not stack.finish_roll_back(back):
            stack.roll_back(request)

    @rule(name=stack_names)
    def destroy(self, name: str) -> None:
        """Destroy the stack."""
        stack = self._idle(name)
        if stack is not None and "Number" in stack.resources and stack.destroy():
            self._renew(name)

    @rule(name=stack_names, step=steps)
    def begin_destroy(self, name: str, step: int) -> None:
        """Begin to destroy the stack, and hold the invocation at a step."""
        stack = self._idle(name)
        if stack is not None and "Number" in stack.resources:
            request = stack.begin_delete("Number", hold_at=step)
            self.world.wait_until_held(request)
            self.running[name] = request

    @rule(name=stack_names)
    def retain(self, name: str) -> None:
        """Remove the number from a template that says to retain it."""
        stack = self._idle(name)
        if stack is None or "Number" not in stack.resources:
            return
        if stack.status == "DELETE_FAILED":
            # The only operation left for such a stack is its deletion.
            stack.let_go("Number", ends=True)
            self._renew(name)
        else:
            stack.let_go("Number")

    @rule(name=stack_names, other=stack_names)
    def move(self, name: str, other: str) -> None:
        """Move the number to the other stack without an event."""
        stack, target = self._deployable(name), self._deployable(other)
        if stack is None or target is None or "Number" not in stack.resources or "Number" in target.resources:
            return
        stack.hand_over("Number", target, "Number")

    @precondition(lambda self: any(request.type == "Update" for request in self.running.values()))
    @rule(name=stack_names, seconds=st.integers(min_value=0, max_value=1000))
    def stop(self, name: str, seconds: int) -> None:
        """Stop an update in progress without rolling it back."""
        request = self.running.get(name)
        if request is None or request.type != "Update" or request.is_settled:
            return
        del self.running[name]
        self.stacks[name].stop_without_roll_back(request)
        self.world.sleep(seconds)
        self.world.let_go(request)
        self.world.sleep(60)

    @precondition(lambda self: any(request.type == "Update" for request in self.running.values()))
    @rule(name=stack_names, seconds=st.integers(min_value=0, max_value=1000))
    def roll_back_by_delete(self, name: str, seconds: int) -> None:
        """Undo an update with only the Delete of the new number, if CloudFormation knows that number."""
        request = self.running.get(name)
        if request is None or request.type != "Update":
            return
        del self.running[name]
        stack = self.stacks[name]
        if request.is_settled:
            stack.finish_update(request)
        stack.roll_back_without_update(request)
        self.world.sleep(seconds)
        self.world.let_go(request)
        self.world.sleep(60)

    # --- What Lambda, Connect and time do ---

    @rule(which=st.integers(min_value=0, max_value=30), step=steps)
    def deliver_again(self, which: int, step: int) -> None:
        """Deliver a request of the last hour again."""
        world = self.world
        recent = [r for r in world.cloudformation.requests.values() if r.sent_at > world.timeline.now - 3600]
        if recent:
            lambda_event = world.cloudformation.redeliver(recent[which % len(recent)])
            world.run_until(lambda: lambda_event.invocations[0].calls >= step or lambda_event.is_over)

    @rule(which=st.integers(min_value=0, max_value=5))
    def kill(self, which: int) -> None:
        """End a running process."""
        running = self.world.lambda_service.running
        if running:
            self.world.timeline.kill(running[which % len(running)])

    @rule()
    def sweep(self) -> None:
        """Let the schedule call the function."""
        self.world.sweep()

    @rule(seconds=st.sampled_from((1, 30, 120, 700, 4000, 90_000)))
    def time_passes(self, seconds: int) -> None:
        """Let time pass."""
        self.world.sleep(seconds)

    @rule(calls=st.integers(min_value=1, max_value=30), which=st.integers(min_value=0, max_value=20))
    def fault_to_come(self, calls: int, which: int) -> None:
        """Let a fault hit one of the next calls."""
        self.faults.waiting.append([calls, which])

    @rule(storm=st.lists(st.integers(min_value=0, max_value=20), min_size=3, max_size=60))
    def storm_to_come(self, storm: list[int]) -> None:
        """Let faults hit many of the next calls in a row."""
        self.faults.storm = storm

    @rule(
        operation=st.sampled_from(_OPERATIONS),
        code=st.sampled_from(("InternalServiceException", "ThrottlingException", "AccessDeniedException")),
        seconds=st.sampled_from((30, 600, 5000)),
    )
    def outage(self, operation: str, code: str, seconds: int) -> None:
        """Let an operation fail for a period of time."""
        self.world.emulator.faults.add(operation, "error", code=code, calls=None, for_seconds=seconds)

    @rule()
    def forget_tokens(self) -> None:
        """Let Connect forget all client tokens."""
        self.world.emulator.forget_client_tokens()

    def teardown(self) -> None:
        """Let everything finish, and judge the world."""
        world = self.world
        for name in _STACKS:
            self._finish(name)
        world.emulator.faults.clear()
        world.wire.is_closed = True
        for stack in self.stacks.values():
            # A deployment that was stopped does not stay that way forever.
            if stack.resources and stack.status.endswith("_FAILED"):
                stack.destroy_until_gone()
        world.run_until_quiet()
        # Each Create and each Update may take one number. No fault may make it take two.
        most = sum(request.type != "Delete" for request in world.cloudformation.requests.values())
        violations = check(world, Needed(most, most), faults_may_last=True)
        if violations:
            trace = "\n".join(call.line() for call in world.wire.calls)
            raise AssertionError(f"{trace}\n" + "\n".join(violations))

    # --- Parts ---

    def _finish(self, name: str) -> None:
        request = self.running.pop(name, None)
        if request is None:
            return
        stack = self.stacks[name]
        self.world.let_go(request)
        self.world.wait(request)
        if request.type == "Create":
            if not stack.finish_create(request):
                self._renew(name)
        elif request.type == "Delete":
            if stack.finish_delete(request):
                self._renew(name)
        elif stack.finish_update(request):
            stack.clean_up("Number")
        else:
            stack.roll_back(request)

    def _properties(self, country: str, **properties: Any) -> dict[str, Any]:
        return self.world.number(CountryCode=country, AllowReplacement=True, **properties)

    def _idle(self, name: str) -> Stack | None:
        return None if name in self.running else self.stacks[name]

    def _deployable(self, name: str) -> Stack | None:
        """Return the stack if it can be deployed now. A stack that is DELETE_FAILED can only be deleted."""
        stack = self._idle(name)
        return None if stack is None or stack.status == "DELETE_FAILED" else stack

    def _renew(self, name: str) -> None:
        """Start over with a stack of another id, as CloudFormation does after a stack is gone."""
        self.generation += 1
        self.stacks[name] = self.world.stack(f"{name}{self.generation}")


def walking(examples: int, length: int) -> settings:
    """Return the hypothesis settings: how many walks, and how long they are.

    Hypothesis keeps no database of examples here. It would play a failed example again in place of every other walk.
    """
    return settings(max_examples=examples, stateful_step_count=length, deadline=None, print_blob=False, database=None)
