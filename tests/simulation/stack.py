"""One stack: what CloudFormation does with its resources, operation by operation."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from .requests import Properties, RequestState, SentRequest

if TYPE_CHECKING:
    from .cloudformation import CloudFormation


@dataclass
class StackResource:
    """What CloudFormation knows of a resource."""

    physical_id: str
    properties: Properties
    replaced: list[tuple[str, Properties]] = field(default_factory=list[tuple[str, Properties]])
    """Earlier physical ids with their properties, to be deleted in the clean-up."""
    is_being_deleted: bool = False
    """Whether a Delete was sent, be it that it has failed."""


class Stack:
    """One stack, and what CloudFormation does with it.

    The methods return whether the operation has succeeded; each ends when CloudFormation has done with it.
    """

    def __init__(self, cloudformation: "CloudFormation", name: str, stack_id: str) -> None:
        self.name = name
        self.id = stack_id
        self.status = "CREATE_IN_PROGRESS"
        self.resources: dict[str, StackResource] = {}
        self._cloudformation = cloudformation

    # --- Creating ---

    def begin_create(
        self, logical_id: str, properties: Properties, *, request_id: str = "", hold_at: int | None = None
    ) -> SentRequest:
        """Send a Create."""
        self.status = "UPDATE_IN_PROGRESS" if self.resources else "CREATE_IN_PROGRESS"
        return self._cloudformation.send(self, "Create", logical_id, properties, request_id=request_id, hold_at=hold_at)

    def create(self, logical_id: str, properties: Properties, *, rolls_back: bool = True, request_id: str = "") -> bool:
        """Create a resource; undo it if that fails, unless roll-back is disabled."""
        request = self.begin_create(logical_id, properties, request_id=request_id)
        self._cloudformation.wait(request)
        return self.finish_create(request, rolls_back=rolls_back)

    def finish_create(self, request: SentRequest, *, rolls_back: bool = True) -> bool:
        """Do what follows on the answer to a Create."""
        if request.succeeded:
            assert request.answer is not None
            self.resources[request.logical_id] = StackResource(request.answer.physical_id, request.properties)
            self.status = "UPDATE_COMPLETE" if len(self.resources) > 1 else "CREATE_COMPLETE"
            return True
        if not rolls_back:
            self.status = "CREATE_FAILED"
            return False
        failed_id = request.answer.physical_id if request.answer is not None else ""
        self.cancel_create(request, failed_id)
        return False

    def begin_cancel_create(
        self, request: SentRequest, failed_id: str = "", request_id: str = "", hold_at: int | None = None
    ) -> SentRequest:
        """Stop waiting for a Create, and send the Delete that undoes it; with an invented id if it has no other."""
        if request.state is RequestState.WAITING:
            request.state = RequestState.CANCELLED
        self.status = "UPDATE_ROLLBACK_IN_PROGRESS" if self.resources else "ROLLBACK_IN_PROGRESS"
        physical_id = failed_id or f"{self.name}-{request.logical_id}-{_suffix(self, request.logical_id)}"
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
        """Undo a Create, whether it has failed or is still running."""
        deletion = self.begin_cancel_create(request, failed_id)
        self._cloudformation.wait(deletion)
        self.status = "ROLLBACK_COMPLETE" if deletion.succeeded else "ROLLBACK_FAILED"
        return deletion.succeeded

    def undo_create(self, logical_id: str) -> bool:
        """Undo a Create that has succeeded, because something else in the stack failed later."""
        resource = self.resources[logical_id]
        resource.is_being_deleted = True
        self.status = "ROLLBACK_IN_PROGRESS"
        deletion = self._send_delete(logical_id, resource.physical_id, resource.properties)
        self._cloudformation.wait(deletion)
        self.status = "ROLLBACK_COMPLETE" if deletion.succeeded else "ROLLBACK_FAILED"
        if deletion.succeeded:
            del self.resources[logical_id]
        return deletion.succeeded

    def hold(self, logical_id: str, physical_id: str, properties: Properties) -> None:
        """Hold a resource that came into the stack in another way, for example by an import."""
        self.resources[logical_id] = StackResource(physical_id, properties)

    # --- Updating ---

    def begin_update(self, logical_id: str, properties: Properties, *, hold_at: int | None = None) -> SentRequest:
        """Send an Update."""
        resource = self.resources[logical_id]
        self.status = "UPDATE_IN_PROGRESS"
        return self._send_update(logical_id, resource.physical_id, properties, resource.properties, hold_at)

    def update(self, logical_id: str, properties: Properties) -> bool:
        """Update a resource, with clean-up; go back if that fails."""
        request = self.begin_update(logical_id, properties)
        self._cloudformation.wait(request)
        if not self.finish_update(request):
            self.roll_back(request)
            return False
        self.clean_up(logical_id)
        return True

    def finish_update(self, request: SentRequest) -> bool:
        """Do what follows on the answer to an Update, but for clean-up and roll-back."""
        if not request.succeeded:
            return False
        assert request.answer is not None
        resource = self.resources[request.logical_id]
        if request.answer.physical_id != resource.physical_id:
            resource.replaced.append((resource.physical_id, resource.properties))
            resource.physical_id = request.answer.physical_id
        resource.properties = request.properties
        return True

    def clean_up(self, logical_id: str, *, retains: bool = False) -> bool:
        """Delete what was replaced; what cannot be deleted is abandoned for good."""
        rolls_back = "ROLLBACK" in self.status
        self.status = ("UPDATE_ROLLBACK" if rolls_back else "UPDATE") + "_COMPLETE_CLEANUP_IN_PROGRESS"
        resource = self.resources[logical_id]
        replaced, resource.replaced = resource.replaced, []
        done = True
        for physical_id, properties in replaced:
            if retains:
                self._cloudformation.retained.add(physical_id)
                continue
            deletion = self._send_delete(logical_id, physical_id, properties)
            self._cloudformation.wait(deletion)
            done = done and deletion.succeeded
        self.status = ("UPDATE_ROLLBACK" if rolls_back else "UPDATE") + "_COMPLETE"
        return done

    def begin_roll_back(self, request: SentRequest, hold_at: int | None = None) -> SentRequest:
        """Stop waiting for an Update, and send the one that undoes it."""
        if request.state is RequestState.WAITING:
            request.state = RequestState.CANCELLED
        self.status = "UPDATE_ROLLBACK_IN_PROGRESS"
        physical_id = self.resources[request.logical_id].physical_id
        return self._send_update(request.logical_id, physical_id, request.old_properties, request.properties, hold_at)

    def roll_back(self, request: SentRequest) -> bool:
        """Undo an Update, whether it has succeeded, failed or is still running; with clean-up.

        Where that fails, somebody asks CloudFormation to continue the roll-back, a few minutes later.
        """
        for _ in range(3):
            back = self.begin_roll_back(request)
            self._cloudformation.wait(back)
            if self.finish_roll_back(back):
                return True
            self._wait(600)
        return False

    def finish_roll_back(self, back: SentRequest) -> bool:
        """Do what follows on the answer to an Update that undoes another."""
        resource = self.resources[back.logical_id]
        if not back.succeeded:
            self.status = "UPDATE_ROLLBACK_FAILED"
            return False
        assert back.answer is not None
        now_id = back.answer.physical_id
        if now_id != resource.physical_id:
            # The number that was replaced is the resource's again, and the one that replaced it is to go.
            undone = (resource.physical_id, resource.properties)
            resource.replaced = [*(pair for pair in resource.replaced if pair[0] != now_id), undone]
            resource.physical_id = now_id
        resource.properties = back.properties
        self.clean_up(back.logical_id)
        return True

    # --- Deleting ---

    def begin_delete(self, logical_id: str, *, hold_at: int | None = None) -> SentRequest:
        """Send a Delete of what the stack holds."""
        resource = self.resources[logical_id]
        resource.is_being_deleted = True
        self.status = "DELETE_IN_PROGRESS"
        return self._send_delete(logical_id, resource.physical_id, resource.properties, hold_at)

    def finish_delete(self, request: SentRequest) -> bool:
        """Do what follows on the answer to a Delete."""
        if request.succeeded:
            self.resources.pop(request.logical_id, None)
            return True
        self.status = "DELETE_FAILED"
        return False

    def destroy(self) -> bool:
        """Delete the stack's resources, the last one first."""
        done = True
        for logical_id in reversed(list(self.resources)):
            request = self.begin_delete(logical_id)
            self._cloudformation.wait(request)
            done = self.finish_delete(request) and done
        if done:
            self.status = "DELETE_COMPLETE"
        return done

    def remove(self, logical_id: str) -> bool:
        """Remove a resource from the template: it is deleted in the clean-up, or abandoned."""
        resource = self.resources.pop(logical_id)
        self.status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        deletion = self._send_delete(logical_id, resource.physical_id, resource.properties)
        self._cloudformation.wait(deletion)
        self.status = "UPDATE_COMPLETE"
        return deletion.succeeded

    def let_go(self, logical_id: str) -> str:
        """Remove a resource that the template says to retain: CloudFormation sends nothing. Return its physical id."""
        physical_id = self.resources.pop(logical_id).physical_id
        self._cloudformation.retained.add(physical_id)
        return physical_id

    # --- Parts ---

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

    def _send_delete(
        self, logical_id: str, physical_id: str, properties: Properties, hold_at: int | None = None
    ) -> SentRequest:
        return self._cloudformation.send(
            self, "Delete", logical_id, properties, physical_id=physical_id, hold_at=hold_at
        )


def _suffix(stack: Stack, logical_id: str) -> str:
    return sha256(f"{stack.id} {logical_id}".encode()).hexdigest()[:12].upper()
