"""The emulator itself: one object that represents Amazon Connect's phone numbers for all accounts.

It has no threads and does not wait. Time passes only according to its clock, so that a test can move it. A server that
shares one emulator between threads must lock it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from . import changes, claims, contact_flows, flow_associations, inventory, reads
from .api_call import ApiCall
from .audit import AuditEntry
from .call import Call
from .errors import LostRequestError, NoResponseError, ServiceError
from .faults import FaultKind, Faults
from .idempotency import ClientTokens, Remembered
from .model import connect_model, service_error
from .quota import Quotas
from .settings import Settings
from .state import ClaimedNumber, Registry, Scope, SourceNumber, Target
from .throttle import Throttle

OPERATIONS: Final[Mapping[str, Callable[[Call], dict[str, Any]]]] = {
    "AssociatePhoneNumberContactFlow": changes.associate_phone_number_contact_flow,
    "BatchGetFlowAssociation": flow_associations.batch_get_flow_association,
    "ClaimPhoneNumber": claims.claim_phone_number,
    "CreateContactFlow": contact_flows.create_contact_flow,
    "DeleteContactFlow": contact_flows.delete_contact_flow,
    "DescribePhoneNumber": reads.describe_phone_number,
    "DescribeTrafficDistributionGroup": reads.describe_traffic_distribution_group,
    "DisassociatePhoneNumberContactFlow": changes.disassociate_phone_number_contact_flow,
    "ImportPhoneNumber": claims.import_phone_number,
    "ListFlowAssociations": flow_associations.list_flow_associations,
    "ListPhoneNumbersV2": reads.list_phone_numbers_v2,
    "ListTagsForResource": changes.list_tags_for_resource,
    "ListTrafficDistributionGroups": reads.list_traffic_distribution_groups,
    "ReleasePhoneNumber": claims.release_phone_number,
    "SearchAvailablePhoneNumbers": reads.search_available_phone_numbers,
    "TagResource": changes.tag_resource,
    "UntagResource": changes.untag_resource,
    "UpdatePhoneNumber": claims.update_phone_number,
    "UpdatePhoneNumberMetadata": changes.update_phone_number_metadata,
}
"""The operations of the emulator."""

_CLAIMS: Final = ("ClaimPhoneNumber", "ImportPhoneNumber")
_FAULTS_WITHOUT_EFFECT: Final = (FaultKind.ERROR, FaultKind.LOST_REQUEST)


@dataclass(frozen=True)
class Reply:
    """The result of a call.

    Attributes
    ----------
    response : Mapping[str, Any] or None
        The output; ``None`` after an error.
    error : ServiceError or None
        The error to respond with.
    fault : FaultKind or None
        The fault that hit the call. After ``NO_RESPONSE`` and ``LOST_REQUEST``, the caller gets no response.
    delay_seconds : float
        How many seconds the response is delayed.
    """

    response: Mapping[str, Any] | None
    error: ServiceError | None
    fault: FaultKind | None
    delay_seconds: float


class ConnectEmulator:
    """Amazon Connect's phone numbers, for all accounts and Regions, in memory.

    Parameters
    ----------
    clock : Callable[[], float]
        Returns the time in seconds since the epoch. Default ``time.time``.
    settings : Settings or None
        The emulator's behavior. Default ``Settings()``.
    sleep : Callable[[float], object]
        Waits, if a ``delay`` fault requires it. Default ``time.sleep``.
    seed : int
        Seed of the ids: the same calls get the same ids. Default 0.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        settings: Settings | None = None,
        *,
        sleep: Callable[[float], object] = time.sleep,
        seed: int = 0,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._seed = seed
        self._initial_settings = settings or Settings()
        self._model = connect_model()
        self.reset()

    def reset(self) -> None:
        """Forget everything, and restore the initial settings and clock."""
        self.settings = self._initial_settings
        self.audit: list[AuditEntry] = []
        self._offset = 0.0
        self.faults = Faults(self.now, OPERATIONS)
        self._registry = Registry(self._seed)
        self._quotas = Quotas()
        self._throttle = Throttle()
        self._tokens = ClientTokens()

    def call(
        self,
        region: str,
        operation: str,
        parameters: Mapping[str, Any],
        account: str | None = None,
    ) -> dict[str, Any]:
        """Call an operation and return its output.

        Parameters
        ----------
        region : str
            The caller's Region.
        operation : str
            Name of the operation, one of ``OPERATIONS``.
        parameters : Mapping[str, Any]
            The input, named as in the API reference.
        account : str or None
            The caller's account. Default ``Settings.account_id``.

        Raises
        ------
        ValueError
            If the emulator has no such operation.
        ServiceError
            The error with which Amazon Connect would respond.
        NoResponseError, LostRequestError
            If a fault broke the connection, after or before the call took effect.
        """
        reply = self.perform(region, operation, parameters, account)
        if reply.delay_seconds:
            self._sleep(reply.delay_seconds)
        if reply.fault is FaultKind.NO_RESPONSE:
            raise NoResponseError(operation)
        if reply.fault is FaultKind.LOST_REQUEST:
            raise LostRequestError(operation)
        if reply.error is not None:
            raise reply.error
        return dict(reply.response or {})

    def perform(
        self,
        region: str,
        operation: str,
        parameters: Mapping[str, Any],
        account: str | None = None,
    ) -> Reply:
        """Carry out a call without waiting, and return its result. Takes the same arguments as ``call``."""
        if operation not in OPERATIONS:
            raise ValueError(f"the emulator has no operation {operation!r}")
        now = self.now()
        token_member = self._model.operation(operation).token_member
        api_call = ApiCall(
            scope=self._scope(region, account),
            now=now,
            operation=operation,
            parameters=dict(parameters),
            client_token=parameters.get(token_member) if token_member is not None else None,
        )
        settings = self.settings
        if settings.throttling and not self._throttle.admits(api_call.scope, operation, now, settings):
            api_call.error = service_error("ThrottlingException", "Rate exceeded")
            return self._logged(api_call)
        fault = api_call.fault = self.faults.next_for(operation, now)
        if fault is None or fault.kind not in _FAULTS_WITHOUT_EFFECT or fault.after_effect:
            self._execute(api_call)
        if fault is not None and fault.kind is FaultKind.ERROR:
            api_call.error = fault.error()
            if not fault.after_effect:
                self._take_refusal_into_account(api_call)
        return self._logged(api_call)

    def now(self) -> float:
        """Return the emulator's time, in seconds since the epoch."""
        return self._clock() + self._offset

    def advance(self, seconds: float) -> float:
        """Move the emulator's clock forward and return its time.

        Raises
        ------
        ValueError
            If ``seconds`` is negative.
        """
        if seconds < 0:
            raise ValueError(f"the clock moves forward only, but seconds is {seconds}")
        self._offset += seconds
        return self.now()

    def configure(self, **changes: Any) -> Settings:
        """Change some of the settings and return all of them. See ``Settings`` for the names."""
        self.settings = replace(self.settings, **changes)
        return self.settings

    def set_quota(self, region: str, quota: int, account: str | None = None) -> None:
        """Set the quota of one account and Region."""
        self._quotas.set(self._scope(region, account), quota)

    def allowance(self, region: str, account: str | None = None) -> tuple[int, int]:
        """Return the count of claims and releases in the last 180 days, and how many are allowed."""
        scope = self._scope(region, account)
        used = self._quotas.used(scope, self.now(), self.settings)
        return used, 2 * self._quotas.quota(scope, self.settings)

    def new_client_token(self) -> str:
        """Return a client token for a call without one."""
        return self._registry.new_id()

    def forget_client_tokens(self) -> None:
        """Forget all client tokens at once."""
        self._tokens.forget()

    def add_instance(
        self,
        region: str,
        *,
        instance_id: str | None = None,
        account: str | None = None,
        limit: int | None = None,
    ) -> str:
        """Add an instance and return its ARN.

        Parameters
        ----------
        region : str
            The instance's Region.
        instance_id : str or None
            The instance's id. Default: a new UUID.
        account : str or None
            The instance's account. Default ``Settings.account_id``.
        limit : int or None
            How many numbers the instance can have. Default ``Settings.target_limit``.
        """
        scope = self._scope(region, account)
        instance_id = instance_id or self._registry.new_id()
        arn = scope.arn(f"instance/{instance_id}")
        self._registry.targets[arn] = Target(arn, scope, (region,), limit, instance_id)
        return arn

    def remove_instance(self, instance_arn: str) -> None:
        """Remove an instance and its flows. Its numbers stay, and operations that name the instance do not find it.

        Raises
        ------
        ValueError
            If there is no such instance.
        """
        if instance_arn not in self._registry.targets:
            raise ValueError(f"there is no instance {instance_arn}")
        self._registry.targets[instance_arn] = replace(self._registry.targets[instance_arn], is_removed=True)
        for number in self.numbers():
            number.contact_flows.pop(instance_arn.rsplit("/", 1)[-1], None)

    def add_traffic_distribution_group(
        self,
        region: str,
        other_region: str,
        *,
        account: str | None = None,
        limit: int | None = None,
        creation_seconds: float = 0.0,
    ) -> str:
        """Add a traffic distribution group and return its ARN.

        Parameters
        ----------
        region : str
            The Region where the group is created.
        other_region : str
            The group's other Region.
        account : str or None
            The group's account. Default ``Settings.account_id``.
        limit : int or None
            How many numbers the group can have. Default ``Settings.target_limit``.
        creation_seconds : float
            For how many seconds the status is CREATION_IN_PROGRESS before it becomes ACTIVE. During this time, an
            operation that names the group as its target responds with ResourceNotFoundException. Default 0: the group
            is ACTIVE at once.

        Raises
        ------
        ValueError
            If ``creation_seconds`` is negative.
        """
        if creation_seconds < 0:
            raise ValueError(f"creation_seconds must not be negative, but is {creation_seconds}")
        scope = self._scope(region, account)
        arn = scope.arn(f"traffic-distribution-group/{self._registry.new_id()}")
        active_at = self.now() + creation_seconds
        self._registry.targets[arn] = Target(arn, scope, (region, other_region), limit, None, active_at)
        return arn

    def add_contact_flow(self, instance_arn: str, flow_id: str | None = None) -> str:
        """Add a flow to an instance and return the flow's ARN.

        Raises
        ------
        ValueError
            If there is no such instance.
        """
        instance = self._registry.targets.get(instance_arn)
        if instance is None or instance.instance_id is None:
            raise ValueError(f"there is no instance {instance_arn}")
        flow_id = flow_id or self._registry.new_id()
        instance.flows.add(flow_id)
        return f"{instance_arn}/contact-flow/{flow_id}"

    def add_source_number(
        self,
        region: str,
        phone_number: str,
        country_code: str,
        type: str,
        account: str | None = None,
    ) -> str:
        """Add a number of AWS End User Messaging that can be imported, and return its ARN."""
        scope = self._scope(region, account)
        arn = (
            f"arn:aws:sms-voice:{region}:{scope.account}:phone-number/phone-{self._registry.new_id().replace('-', '')}"
        )
        self._registry.sources[arn] = SourceNumber(arn, phone_number, country_code, type, scope)
        return arn

    def take(self, phone_number: str) -> None:
        """Let an unrelated account claim a number, so that a caller who wants it loses the race.

        Raises
        ------
        ValueError
            If the number is not free, because it is held or cooling down.
        """
        if inventory.kind_of(phone_number) is None:
            raise ValueError(f"{phone_number} is not in the inventory")
        if not self._registry.is_free(phone_number, self.now()):
            raise ValueError(f"{phone_number} is not free")
        self._registry.take(phone_number)

    def numbers(self) -> list[ClaimedNumber]:
        """Return all numbers that were ever claimed or imported, the oldest claim first. Read-only."""
        now = self.now()
        for number in self._registry.history:
            self._registry.settled(number, now)
        return list(self._registry.history)

    def _scope(self, region: str, account: str | None) -> Scope:
        return Scope(account or self.settings.account_id, region)

    def _execute(self, api_call: ApiCall) -> None:
        operation = self._model.operation(api_call.operation)
        try:
            checked = operation.checked_input(api_call.parameters)
            api_call.parameters = dict(checked)
            token = checked.pop(operation.token_member, None) if operation.token_member else None
            if token is not None and self._replay(api_call, token, checked):
                return
            api_call.call = Call(
                api_call.scope,
                api_call.now,
                checked,
                self.settings,
                self._registry,
                self._quotas,
                api_call.fault,
            )
            api_call.response = operation.output(OPERATIONS[api_call.operation](api_call.call))
            if api_call.call.changed and api_call.call.number is not None:
                api_call.call.number.record_version(api_call.now)
        except ServiceError as error:
            api_call.error = error
            if api_call.call is not None:
                self._take_refusal_into_account(api_call)
            return
        if token is not None:
            self._tokens.remember(
                api_call.scope,
                api_call.operation,
                token,
                Remembered(
                    checked,
                    api_call.response,
                    api_call.phone_number_arn,
                    api_call.now + self.settings.token_memory_seconds,
                ),
            )

    def _take_refusal_into_account(self, api_call: ApiCall) -> None:
        refusal = api_call.error is not None and api_call.error.code == "InvalidParameterException"
        api_call.refused = refusal and api_call.operation in _CLAIMS
        if api_call.refused and self.settings.refused_claims_count:
            self._quotas.record(api_call.scope, api_call.now)

    def _replay(self, api_call: ApiCall, token: str, checked: Mapping[str, Any]) -> bool:
        remembered = self._tokens.recall(api_call.scope, api_call.operation, token, api_call.now)
        if remembered is None:
            return False
        if remembered.parameters != checked:
            raise service_error(
                "IdempotencyException",
                f"The client token {token} was used before with other parameters.",
            )
        api_call.replayed = True
        api_call.replayed_arn = remembered.phone_number_arn
        api_call.response = remembered.response
        return True

    def _logged(self, api_call: ApiCall) -> Reply:
        self.audit.append(api_call.audit_entry())
        fault = api_call.fault
        is_delayed = fault is not None and fault.kind is FaultKind.DELAY
        return Reply(
            api_call.response if api_call.error is None else None,
            api_call.error,
            fault.kind if fault is not None else None,
            fault.seconds if fault is not None and is_delayed else 0.0,
        )
