"""The context in which each operation runs, and the look-ups that most operations begin with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .faults import Fault, FaultKind
from .model import service_error
from .quota import Quotas
from .settings import Settings
from .state import Attributes, ClaimedNumber, Registry, Scope, Target, is_phone_number_id

_TARGET_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:connect:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
    r"(?:instance/(?P<instance>[^/]+)|traffic-distribution-group/[^/]+)"
)


@dataclass
class Call:
    """One request, with the state that it works on.

    Attributes
    ----------
    scope : Scope
        The caller's account and Region.
    now : float
        When the request arrived.
    parameters : Mapping[str, Any]
        The checked parameters.
    fault : Fault or None
        The fault that hits the request.
    number : ClaimedNumber or None
        Set by the operation: the number that it concerns.
    changed : bool
        Set by the operation: whether it changed anything.
    """

    scope: Scope
    now: float
    parameters: Mapping[str, Any]
    settings: Settings
    registry: Registry
    quotas: Quotas
    fault: Fault | None = None
    number: ClaimedNumber | None = field(default=None, init=False)
    changed: bool = field(default=False, init=False)

    def find_number(self, identifier: str, *, release_lag_seconds: float = 0.0) -> ClaimedNumber:
        """Return the number that the caller refers to.

        Parameters
        ----------
        release_lag_seconds : float
            For how long a number is still found after its release. Default 0.

        Raises
        ------
        ServiceError
            InvalidParameterException if the identifier is neither an id nor an ARN. ResourceNotFoundException if the
            caller's account has no such number or has it elsewhere.
        """
        if not is_phone_number_id(identifier):
            raise service_error("InvalidParameterException", f"Not a phone number's ID or ARN: {identifier}")
        self.number = self.registry.find(self.scope, identifier, self.now, release_lag_seconds=release_lag_seconds)
        if self.number is None:
            raise service_error("ResourceNotFoundException", f"Phone number not found: {identifier}")
        return self.number

    def find_own_number(self, identifier: str) -> ClaimedNumber:
        """Return the number that the caller refers to, if it was claimed in the caller's Region.

        Raises
        ------
        ServiceError
            As for ``find_number``. Also InvalidParameterException in the other Region of the number's traffic
            distribution group.
        """
        number = self.find_number(identifier)
        if number.scope != self.scope:
            raise service_error(
                "InvalidParameterException",
                f"Phone number {number.arn} was claimed in {number.scope.region}. Call this operation there.",
            )
        return number

    def shown(self, number: ClaimedNumber) -> ClaimedNumber | Attributes:
        """Return the attributes of a number that Connect shows: the present ones, or earlier ones if it is late."""
        lag = self.settings.change_lag_seconds
        return number.as_of(self.now - lag) if lag else number

    def find_target(self, *, also_from_other_region: bool = False) -> Target:
        """Return the instance or traffic distribution group that ``TargetArn`` or ``InstanceId`` names.

        A group that is not yet ACTIVE is not found.

        Parameters
        ----------
        also_from_other_region : bool
            Whether a traffic distribution group can be named in both of its Regions instead of only in the Region
            where it was created.
        """
        arn, instance_id = self.parameters.get("TargetArn"), self.parameters.get("InstanceId")
        if (arn is None) == (instance_id is None):
            raise service_error("InvalidParameterException", "Provide either TargetArn or InstanceId.")
        if arn is None:
            return self.find_instance(str(instance_id))
        match = _TARGET_ARN.fullmatch(arn)
        if match is None:
            raise service_error("InvalidParameterException", f"Invalid TargetArn: {arn}")
        if match["instance"] is not None:
            if Scope(match["account"], match["region"]) != self.scope:
                raise _no_target(arn)
            return self.find_instance(match["instance"])
        target = self.find_group(arn)
        is_elsewhere = self.scope != target.scope and not also_from_other_region
        if is_elsewhere or not target.is_active(self.now):
            raise _no_target(arn)
        return target

    def find_group(self, identifier: str) -> Target:
        """Return a traffic distribution group of the caller's account, whatever its status.

        Parameters
        ----------
        identifier : str
            Its ARN, in either of its Regions, or its id, in the Region where it was created.
        """
        is_arn = identifier.startswith("arn:")
        arn = identifier if is_arn else self.scope.arn(f"traffic-distribution-group/{identifier}")
        group = self._known_target(arn, None)
        if group.scope.account != self.scope.account or self.scope.region not in group.regions:
            raise _no_target(arn)
        return group

    def find_instance(self, instance_id: str) -> Target:
        """Return an instance of the caller's account and Region."""
        return self._known_target(self.scope.arn(f"instance/{instance_id}"), instance_id)

    def workflow_end(self) -> float:
        """Return when a claim, import or move that begins now will have ended."""
        if self.fault is not None and self.fault.kind is FaultKind.WORKFLOW_DELAY:
            return self.now + self.fault.seconds
        return self.now + self.settings.claim_seconds

    def workflow_failure(self, target: Target) -> str | None:
        """Return why one more number for ``target`` will end FAILED, or ``None`` if it will not."""
        if self.fault is not None and self.fault.kind is FaultKind.WORKFLOW_FAILURE:
            return self.fault.message
        limit = self.settings.target_limit if target.limit is None else target.limit
        on_target = 0
        for number in self.registry.held(self.now, target.scope):
            workflow = number.workflow
            destination = workflow.target_arn if workflow is not None else number.target_arn
            if number is not self.number and number.is_active and destination == target.arn:
                on_target += 1
        if on_target >= limit:
            return f"{target.arn} has reached its limit of total claimed numbers: {limit}"
        return None

    def _known_target(self, arn: str, instance_id: str | None) -> Target:
        target = self.registry.targets.get(arn)
        if target is None and self.settings.accept_unknown_targets:
            target = Target(arn, self.scope, (self.scope.region,), None, instance_id)
            self.registry.targets[arn] = target
        if target is None or target.is_removed:
            raise _no_target(arn)
        return target


def _no_target(arn: str) -> Exception:
    return service_error("ResourceNotFoundException", f"Instance or traffic distribution group not found: {arn}")
