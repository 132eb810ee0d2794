"""One stack, and what CloudFormation does with its resources, operation by operation."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from .requests import Properties, RequestState, SentRequest

if TYPE_CHECKING:
    from .cloudformation import CloudFormation


@dataclass
class StackResource:
    """What CloudFormation knows about a resource."""

    physical_id: str
    properties: Properties
    replaced: list[tuple[str, Properties]] = field(default_factory=list[tuple[str, Properties]])
    """Earlier physical ids with their properties, to be deleted during the cleanup."""
    is_being_deleted: bool = False
    """Whether a Delete was sent, even if it failed."""
    established_at: float | None = None
    """When the deployment that created the resource was complete for the whole tree of stacks."""


@dataclass(frozen=True)
class StackEvent:
    """One line of a stack's events about a resource."""

    time: float
    logical_id: str
    physical_id: str
    status: str
    order: int
    """The position of this event among the events of all stacks."""
    is_of_replaced: bool = False
    """Whether it is about an earlier physical id, which the resource no longer has."""


@dataclass(frozen=True)
class StatusEvent:
    """One line of a stack's events about the stack itself."""

    time: float
    status: str
    order: int
    """The position of this event among the events of all stacks."""


_COMPLETE: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")

_DELETES_IN_A_CLEAN_UP: Final = 3
_HANDED_OVER: Final = "HANDED_OVER"
"""Marks the end of a resource's events in a stack that it has left without an event."""


class Stack:
    """One stack, and what CloudFormation does with it.

    Each method returns when CloudFormation has finished the operation. The result says whether it succeeded.
    """

    def __init__(
        self, cloudformation: "CloudFormation", name: str, stack_id: str, parent: "Stack | None" = None
    ) -> None:
        self.name = name
        self.id = stack_id
        self.parent = parent
        self.resources: dict[str, StackResource] = {}
        self.events: list[StackEvent] = []
        """The events of resources that DescribeStackEvents returns, the oldest first."""
        self.own_events: list[StatusEvent] = []
        """The events of the stack itself that DescribeStackEvents returns, the oldest first."""
        self.is_forgotten = False
        """Whether CloudFormation no longer knows the stack, some time after its deletion."""
        self._cloudformation = cloudformation
        self._status = "CREATE_IN_PROGRESS"
        self._not_entered: list[tuple[str, str]] = []
        """Logical and physical ids of replacements that the events do not show yet."""

    @property
    def status(self) -> str:
        """The stack's status."""
        return self._status

    @status.setter
    def status(self, status: str) -> None:
        self._status = status
        self._enter_replacements()
        cloudformation = self._cloudformation
        self.own_events.append(StatusEvent(cloudformation.timeline.now, status, cloudformation.next_order()))
        if self.parent is None and status in _COMPLETE:
            self._cloudformation.establish(self)

    @property
    def root(self) -> "Stack":
        """The outermost stack that contains this one, or this stack itself."""
        return self if self.parent is None else self.parent.root

    def state_of(self, logical_id: str, until: float) -> StackEvent | None:
        """Return what the stack reports about a resource: the resource's latest event up to a time."""
        own = (event for event in reversed(self.events) if event.logical_id == logical_id and not event.is_of_replaced)
        latest = next((event for event in own if event.time <= until), None)
        return None if latest is None or latest.status == _HANDED_OVER else latest

    def logical_ids(self) -> list[str]:
        """Return the logical ids of all resources that the stack has or has had, in the order of their creation."""
        return list(dict.fromkeys(event.logical_id for event in self.events))

    def status_at(self, time: float) -> str:
        """Return the status that the stack had at a time, empty if it did not exist yet."""
        return next((event.status for event in reversed(self.own_events) if event.time <= time), "")

    def record(self, logical_id: str, physical_id: str, status: str, *, is_of_replaced: bool = False) -> None:
        """Record an event."""
        cloudformation = self._cloudformation
        now, order = cloudformation.timeline.now, cloudformation.next_order()
        self.events.append(StackEvent(now, logical_id, physical_id, status, order, is_of_replaced))

    # --- Creating ---

    def begin_create(
        self, logical_id: str, properties: Properties, *, request_id: str = "", hold_at: int | None = None
    ) -> SentRequest:
        """Send a Create request."""
        self.status = "UPDATE_IN_PROGRESS" if self.resources else "CREATE_IN_PROGRESS"
        self.record(logical_id, "", "CREATE_IN_PROGRESS")
        return self._cloudformation.send(self, "Create", logical_id, properties, request_id=request_id, hold_at=hold_at)

    def create(
        self,
        logical_id: str,
        properties: Properties,
        *,
        rolls_back: bool = True,
        request_id: str = "",
        completes: bool = True,
    ) -> bool:
        """Create a resource. If that fails, undo it, unless rollback is disabled.

        Parameters
        ----------
        completes
            Whether the deployment is then complete. Default ``True``.
        """
        request = self.begin_create(logical_id, properties, request_id=request_id)
        self._cloudformation.wait(request)
        return self.finish_create(request, rolls_back=rolls_back, completes=completes)

    def finish_create(self, request: SentRequest, *, rolls_back: bool = True, completes: bool = True) -> bool:
        """Process the response to a Create."""
        if request.succeeded:
            assert request.response is not None
            self.record(request.logical_id, request.response.physical_id, "CREATE_COMPLETE")
            is_first = not self.resources
            self.resources[request.logical_id] = StackResource(request.response.physical_id, request.properties)
            if completes:
                self.status = "CREATE_COMPLETE" if is_first else "UPDATE_COMPLETE"
            return True
        if not rolls_back:
            self.record(request.logical_id, self._invented_id(request.logical_id), "CREATE_FAILED")
            self.status = "CREATE_FAILED"
            return False
        failed_id = request.response.physical_id if request.response is not None else ""
        self.cancel_create(request, failed_id)
        return False

    def begin_cancel_create(
        self, request: SentRequest, failed_id: str = "", request_id: str = "", hold_at: int | None = None
    ) -> SentRequest:
        """Stop waiting for a Create, and send the Delete that undoes it, with an invented id if there is no other."""
        if request.state is RequestState.WAITING:
            request.state = RequestState.CANCELED
        self.status = "UPDATE_ROLLBACK_IN_PROGRESS" if self.resources else "ROLLBACK_IN_PROGRESS"
        physical_id = failed_id or self._invented_id(request.logical_id)
        self.record(request.logical_id, physical_id, "DELETE_IN_PROGRESS")
        return self._cloudformation.send(
            self,
            "Delete",
            request.logical_id,
            request.properties,
            physical_id=physical_id,
            request_id=request_id,
            hold_at=hold_at,
        )

    def cancel_create(self, request: SentRequest, failed_id: str = "") -> bool:
        """Undo a Create that has failed or is still running."""
        deletion = self.begin_cancel_create(request, failed_id)
        self._cloudformation.wait(deletion)
        self.finish_cancel_create(deletion)
        return deletion.succeeded

    def finish_cancel_create(self, deletion: SentRequest) -> None:
        """Process the response to the Delete that undoes a Create."""
        self.record(deletion.logical_id, deletion.physical_id, _deleted(deletion))
        kind = "UPDATE_ROLLBACK" if self.resources else "ROLLBACK"
        self.status = f"{kind}_COMPLETE" if deletion.succeeded or self.resources else f"{kind}_FAILED"

    def stop_create_without_roll_back(self, request: SentRequest) -> None:
        """Stop waiting for a Create without undoing it, because rollback is disabled."""
        if request.state is RequestState.WAITING:
            request.state = RequestState.CANCELED
        self.record(request.logical_id, self._invented_id(request.logical_id), "CREATE_FAILED")
        self.status = "CREATE_FAILED"

    def clean_up_stopped_create(self, logical_id: str) -> bool:
        """Delete what a stopped Create has left, by the id that was invented for it. A later Create has succeeded."""
        resource = self.resources[logical_id]
        resource.replaced.append((self._invented_id(logical_id), resource.properties))
        return self.clean_up(logical_id)

    def undo_create(self, logical_id: str, status: str = "ROLLBACK_IN_PROGRESS") -> bool:
        """Undo a successful Create because another resource of the stack failed later.

        Parameters
        ----------
        status
            The stack's status meanwhile. It is DELETE_IN_PROGRESS for a nested stack that its root stack's rollback
            deletes, and for a stack that is to be deleted if its creation fails.
        """
        resource = self.resources[logical_id]
        resource.is_being_deleted = True
        self.status = status
        deletion = self._send_delete(logical_id, resource.physical_id, resource.properties)
        deletion.undoes_creation = True
        self._cloudformation.wait(deletion)
        done = deletion.succeeded
        self.record(logical_id, resource.physical_id, _deleted(deletion))
        if done:
            # Before the stack is complete, because what it has then counts as established.
            del self.resources[logical_id]
        self.status = status.replace("IN_PROGRESS", "COMPLETE" if done else "FAILED")
        return done

    def hold(self, logical_id: str, physical_id: str, properties: Properties) -> None:
        """Hold a resource that entered the stack in another way, for example by an import."""
        self.record(logical_id, physical_id, "IMPORT_COMPLETE")
        self.resources[logical_id] = StackResource(physical_id, properties)

    def hand_over(self, logical_id: str, other: "Stack", new_logical_id: str) -> None:
        """Give a resource another logical id or another stack without an event, as a stack refactoring does."""
        resource = self.resources.pop(logical_id)
        self.record(logical_id, resource.physical_id, _HANDED_OVER)
        other.record(new_logical_id, resource.physical_id, "UPDATE_COMPLETE")
        other.resources[new_logical_id] = resource

    # --- Updating ---

    def begin_update(self, logical_id: str, properties: Properties, *, hold_at: int | None = None) -> SentRequest:
        """Send an Update request."""
        resource = self.resources[logical_id]
        self.status = "UPDATE_IN_PROGRESS"
        self.record(logical_id, resource.physical_id, "UPDATE_IN_PROGRESS")
        return self._send_update(logical_id, resource.physical_id, properties, resource.properties, hold_at)

    def update(self, logical_id: str, properties: Properties) -> bool:
        """Update a resource and clean up. If the update fails, roll it back."""
        request = self.begin_update(logical_id, properties)
        self._cloudformation.wait(request)
        if not self.finish_update(request):
            self.roll_back(request)
            return False
        self.clean_up(logical_id)
        return True

    def finish_update(self, request: SentRequest) -> bool:
        """Process the response to an Update, without cleanup and rollback."""
        resource = self.resources[request.logical_id]
        if not request.succeeded:
            self.record(request.logical_id, resource.physical_id, "UPDATE_FAILED")
            return False
        assert request.response is not None
        shown_id = request.response.physical_id
        if request.response.physical_id != resource.physical_id:
            if self._cloudformation.enters_replacements_late:
                shown_id = resource.physical_id
                self._not_entered.append((request.logical_id, request.response.physical_id))
            resource.replaced.append((resource.physical_id, resource.properties))
            resource.physical_id = request.response.physical_id
            resource.established_at = None
        self.record(request.logical_id, shown_id, "UPDATE_COMPLETE")
        resource.properties = request.properties
        return True

    def clean_up(self, logical_id: str, *, retains: bool = False) -> bool:
        """Delete the replaced resources. Abandon for good those that cannot be deleted."""
        rolls_back = "ROLLBACK" in self.status
        self.status = ("UPDATE_ROLLBACK" if rolls_back else "UPDATE") + "_COMPLETE_CLEANUP_IN_PROGRESS"
        resource = self.resources[logical_id]
        replaced, resource.replaced = resource.replaced, []
        done = True
        for physical_id, properties in replaced:
            if retains:
                self._cloudformation.retained.add(physical_id)
                continue
            deletion = self._deleted_in_clean_up(logical_id, physical_id, properties, is_of_replaced=True)
            self.record(logical_id, physical_id, _deleted(deletion), is_of_replaced=True)
            done = done and deletion.succeeded
        self.status = ("UPDATE_ROLLBACK" if rolls_back else "UPDATE") + "_COMPLETE"
        return done

    def begin_roll_back(self, request: SentRequest, hold_at: int | None = None) -> SentRequest:
        """Stop waiting for an Update, and send the Update that undoes it."""
        if request.state is RequestState.WAITING:
            request.state = RequestState.CANCELED
        self.status = "UPDATE_ROLLBACK_IN_PROGRESS"
        physical_id = self.resources[request.logical_id].physical_id
        self.record(request.logical_id, physical_id, "UPDATE_IN_PROGRESS")
        return self._send_update(request.logical_id, physical_id, request.old_properties, request.properties, hold_at)

    def roll_back(self, request: SentRequest) -> bool:
        """Undo an Update that has succeeded, failed, or is still running, and clean up.

        If the rollback fails, a person asks CloudFormation to continue it a few minutes later.
        """
        for _ in range(3):
            back = self.begin_roll_back(request)
            self._cloudformation.wait(back)
            if self.finish_roll_back(back):
                return True
            self._wait(600)
        return False

    def finish_roll_back(self, back: SentRequest) -> bool:
        """Process the response to an Update that undoes another Update."""
        resource = self.resources[back.logical_id]
        if not back.succeeded:
            self.record(back.logical_id, resource.physical_id, "UPDATE_FAILED")
            self.status = "UPDATE_ROLLBACK_FAILED"
            return False
        assert back.response is not None
        now_id = back.response.physical_id
        self.record(back.logical_id, now_id, "UPDATE_COMPLETE")
        if now_id != resource.physical_id:
            # The replaced number belongs to the resource again, and its replacement is to be deleted.
            undone = (resource.physical_id, resource.properties)
            resource.replaced = [*(pair for pair in resource.replaced if pair[0] != now_id), undone]
            resource.physical_id = now_id
        resource.properties = back.properties
        self.clean_up(back.logical_id)
        return True

    def roll_back_without_update(self, request: SentRequest) -> bool:
        """Undo an Update as AWS's page describes it: send a Delete with the new physical id, and no Update.

        If CloudFormation has not received a new id, it sends nothing at all.
        """
        if request.state is RequestState.WAITING:
            request.state = RequestState.CANCELED
        self.status = "UPDATE_ROLLBACK_IN_PROGRESS"
        resource = self.resources[request.logical_id]
        if resource.replaced:
            undone = (resource.physical_id, resource.properties)
            resource.physical_id, resource.properties = resource.replaced.pop()
            resource.replaced = [undone]
        self.record(request.logical_id, resource.physical_id, "UPDATE_COMPLETE")
        return self.clean_up(request.logical_id)

    def stop_without_roll_back(self, request: SentRequest) -> None:
        """Cancel an Update, or let it fail, without undoing it, because rollback is disabled."""
        if request.state is RequestState.WAITING:
            request.state = RequestState.CANCELED
        resource = self.resources[request.logical_id]
        self.record(request.logical_id, resource.physical_id, "UPDATE_FAILED")
        self.status = "UPDATE_FAILED"

    # --- Deleting ---

    def begin_delete(self, logical_id: str, *, hold_at: int | None = None) -> SentRequest:
        """Send a Delete of a resource that the stack holds."""
        resource = self.resources[logical_id]
        resource.is_being_deleted = True
        self.status = "DELETE_IN_PROGRESS"
        return self._send_delete(logical_id, resource.physical_id, resource.properties, hold_at)

    def finish_delete(self, request: SentRequest) -> bool:
        """Process the response to a Delete."""
        self.record(request.logical_id, request.physical_id, _deleted(request))
        if request.succeeded:
            self.resources.pop(request.logical_id, None)
            return True
        self.status = "DELETE_FAILED"
        return False

    def destroy(self) -> bool:
        """Delete the stack's resources in reverse order."""
        done = True
        for logical_id in reversed(list(self.resources)):
            self.delete_replaced(logical_id)
            request = self.begin_delete(logical_id)
            self._cloudformation.wait(request)
            done = self.finish_delete(request) and done
        self.status = "DELETE_COMPLETE" if done else "DELETE_FAILED"
        return done

    def delete_replaced(self, logical_id: str) -> None:
        """Delete what a rollback that has failed has left: CloudFormation knows it, and sends its Deletes."""
        resource = self.resources[logical_id]
        replaced, resource.replaced = resource.replaced, []
        if replaced:
            self.status = "DELETE_IN_PROGRESS"
        for physical_id, properties in replaced:
            deletion = self._send_delete(logical_id, physical_id, properties, is_of_replaced=True)
            self._cloudformation.wait(deletion)
            self.record(logical_id, physical_id, _deleted(deletion), is_of_replaced=True)

    def destroy_until_gone(self) -> bool:
        """Delete the stack as a person does who deletes it again after a failure."""
        for _ in range(3):
            if self.destroy():
                return True
            self._wait(600)
        return False

    def remove(self, logical_id: str) -> bool:
        """Remove a resource from the template. The cleanup deletes or abandons it."""
        self.status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        resource = self.resources[logical_id]
        deletion = self._deleted_in_clean_up(logical_id, resource.physical_id, resource.properties)
        del self.resources[logical_id]
        self.record(logical_id, resource.physical_id, _deleted(deletion))
        self.status = "UPDATE_COMPLETE"
        return deletion.succeeded

    def let_go(self, logical_id: str, *, ends: bool = False) -> str:
        """Remove a resource that the template retains, without a request. Return the resource's physical id.

        Parameters
        ----------
        ends
            Whether the whole stack is deleted. Default ``False``.
        """
        physical_id = self.resources.pop(logical_id).physical_id
        self.record(logical_id, physical_id, "DELETE_SKIPPED")
        self._cloudformation.retained.add(physical_id)
        self.status = "DELETE_COMPLETE" if ends else "UPDATE_COMPLETE"
        return physical_id

    # --- Parts ---

    def _enter_replacements(self) -> None:
        """Let the events show the replacements of an update that has ended, unless it is rolled back."""
        if self._status != "UPDATE_IN_PROGRESS":
            entered, self._not_entered = self._not_entered, []
            if "ROLLBACK" not in self._status:
                for logical_id, physical_id in entered:
                    self.record(logical_id, physical_id, "UPDATE_COMPLETE")

    def _wait(self, seconds: float) -> None:
        timeline = self._cloudformation.timeline
        until = timeline.now + seconds
        timeline.at(until, lambda: None)
        self._cloudformation.run_until(lambda: timeline.now >= until)

    def _send_update(
        self, logical_id: str, physical_id: str, new: Properties, old: Properties, hold_at: int | None
    ) -> SentRequest:
        return self._cloudformation.send(
            self, "Update", logical_id, new, physical_id=physical_id, old_properties=old, hold_at=hold_at
        )

    def _deleted_in_clean_up(
        self, logical_id: str, physical_id: str, properties: Properties, *, is_of_replaced: bool = False
    ) -> SentRequest:
        """Send a Delete, and repeat it if it fails. Abandon the resource after three Deletes."""
        for again in range(_DELETES_IN_A_CLEAN_UP, 0, -1):
            deletion = self._send_delete(logical_id, physical_id, properties, is_of_replaced=is_of_replaced)
            self._cloudformation.wait(deletion)
            if deletion.succeeded or again == 1:
                return deletion
        raise AssertionError("unreachable")

    def _invented_id(self, logical_id: str) -> str:
        return f"{self.name}-{logical_id}-{_suffix(self, logical_id)}"

    def _send_delete(
        self,
        logical_id: str,
        physical_id: str,
        properties: Properties,
        hold_at: int | None = None,
        *,
        is_of_replaced: bool = False,
    ) -> SentRequest:
        self.record(logical_id, physical_id, "DELETE_IN_PROGRESS", is_of_replaced=is_of_replaced)
        return self._cloudformation.send(
            self, "Delete", logical_id, properties, physical_id=physical_id, hold_at=hold_at
        )


def _deleted(request: SentRequest) -> str:
    return "DELETE_COMPLETE" if request.succeeded else "DELETE_FAILED"


def _suffix(stack: Stack, logical_id: str) -> str:
    return sha256(f"{stack.id} {logical_id}".encode()).hexdigest()[:12].upper()
