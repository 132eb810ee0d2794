"""The lifecycle contract's invariants L1 to L8, judged from outside.

The evidence is what Connect holds, which calls Connect received, and what CloudFormation knows. The handler's ledger
and log are never read, because they are under judgment. Each function returns its violations as text for people.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambda_handlers.connect_phone_number import contract, tokens
from lambda_handlers.connect_phone_number.budget import Budget, day_of
from lambda_handlers.connect_phone_number.cloudformation.request import (
    failed_creation_id,
    is_failed_creation_id,
    parse_request,
)
from local_aws.connect_emulator.state import ClaimedNumber, Status

from .cloudformation import POOL_RESOURCE_TYPE, RESOURCE_TYPE
from .requests import RequestState, SentRequest
from .stack import StackResource
from .timeline import START
from .wire import Call, FaultKind, Surface
from .world import World

_SHORT_TIMEOUT_SECONDS: Final = 300
_WINDOW_SECONDS: Final = 180 * 86_400
_DELIVERED_ANEW: Final = re.compile(r"^(?:again |given up )*")
_ARN: Final = re.compile(r"arn:aws:connect:[a-z0-9-]+:\d{12}:phone-number/[0-9a-f-]{36}")
_TOKEN: Final = re.compile(r"[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}")
_CLOCK_DIFFERENCE_SECONDS: Final = 60
"""What a clock of the function may differ from CloudFormation's does not count."""
_SEEN_SECONDS: Final = 2
"""The time within which CloudFormation's events show that a deployment is complete."""
_CHANGES_OF_A_NUMBER: Final = {
    "ReleasePhoneNumber": "PhoneNumberId",
    "UpdatePhoneNumber": "PhoneNumberId",
    "UpdatePhoneNumberMetadata": "PhoneNumberId",
    "AssociatePhoneNumberContactFlow": "PhoneNumberId",
    "DisassociatePhoneNumberContactFlow": "PhoneNumberId",
    "TagResource": "resourceArn",
    "UntagResource": "resourceArn",
}


@dataclass(frozen=True)
class Needed:
    """The most claims and releases that a scenario needs when nothing goes wrong (L6)."""

    claims: int
    releases: int


def watch(world: World) -> None:
    """Check what can be judged only at the moment when it happens: responses and changes of numbers."""
    world.on_response = lambda request: _check_response(world, request)
    world.on_effect = lambda operation, parameters: _check_change(world, operation, parameters)


def check(world: World, needed: Needed, *, faults_may_last: bool = False) -> list[str]:
    """Return all violations of a run after the world has become quiet.

    Parameters
    ----------
    faults_may_last
        Whether faults may have hit every invocation within the time that CloudFormation waited. In that case, no
        response in time was possible. Default ``False``.
    """
    numbers = {number.arn: number for number in world.emulator.numbers()}
    return [
        *world.violations,
        *(f"Not so in the end: {what}" for condition, what in world.expectations if not condition()),
        *no_leak(world, numbers),
        *one_number_per_resource(world, numbers),
        *no_wrong_release(world, numbers),
        *one_release_one_token(world),
        *always_a_response(world, faults_may_last=faults_may_last),
        *no_churn(world, needed),
        *release_happens(world, numbers),
        *budget_is_right(world),
    ]


def no_leak(world: World, numbers: Mapping[str, ClaimedNumber]) -> Iterator[str]:
    """L1: CloudFormation knows every number that the handler took, unless the number was kept on purpose."""
    known = world.cloudformation.known_ids()
    kept = world.cloudformation.retained | _kept_by_policy(world)
    for arn, number in numbers.items():
        is_ours = arn not in world.by_hand and arn not in world.taken_over
        if number.is_held and is_ours and arn not in known and arn not in kept:
            yield f"L1 leak: {number.phone_number} ({arn}, {number.status}) of {_owner(number)} is known to nobody"


def one_number_per_resource(world: World, numbers: Mapping[str, ClaimedNumber]) -> Iterator[str]:
    """L2: no resource has two numbers, and no number has two resources."""
    holders = Counter[str](
        resource.physical_id
        for stack in world.cloudformation.stacks.values()
        for resource in stack.resources.values()
        if not resource.is_being_deleted
    )
    for physical_id, count in holders.items():
        if count > 1 and _ARN.fullmatch(physical_id):
            yield f"L2: {count} resources have the number {physical_id}"
    claims = Counter(
        number.tags.get(contract.CLAIM_TAG, number.arn)
        for number in numbers.values()
        if number.is_held and number.status is not Status.FAILED
    )
    for claim, count in claims.items():
        if count > 1:
            yield f"L2: {count} numbers are held for claim {claim}"
    kept = world.cloudformation.retained | _kept_by_policy(world)
    # Between a replacement and its cleanup, or after a failed rollback, CloudFormation itself knows two numbers.
    replaced = {
        old
        for stack in world.cloudformation.stacks.values()
        for resource in stack.resources.values()
        for old, _ in resource.replaced
    }
    # A resource may have been renamed without an event. The number's tags then still show the old name.
    known = {arn: f"{stack.id} {name}" for arn, (stack, name) in world.cloudformation.known_ids().items()}
    owners = Counter(
        known.get(number.arn, _owner(number))
        for number in numbers.values()
        if number.is_held
        and number.arn not in kept | replaced
        and contract.RESOURCE_TAG in number.tags
        and number.status is not Status.FAILED
    )
    for owner, count in owners.items():
        if count > 1:
            yield f"L2: {count} numbers are held for {owner}"


def no_wrong_release(world: World, numbers: Mapping[str, ClaimedNumber]) -> Iterator[str]:
    """L3: a number that CloudFormation has and never deleted still exists. Each change checks the rest of L3."""
    for arn, (stack, logical_id) in world.cloudformation.known_ids().items():
        number = numbers.get(arn)
        if number is None or _deletions(world, arn) or arn in world.released_by_hand:
            continue
        if not _is_claimed(number):
            yield f"L3: {stack.name}.{logical_id} has {number.phone_number} ({arn}), but that is {number.status}"


def one_release_one_token(world: World) -> Iterator[str]:
    """L4: every call that releases a number carries the same token, a UUID that depends only on the ARN."""
    sent: dict[str, set[str]] = {}
    for call in _calls(world, "ReleasePhoneNumber"):
        sent.setdefault(_arn(call.parameters["PhoneNumberId"]), set()).add(call.parameters.get("ClientToken", ""))
    owner: dict[str, str] = {}
    for arn, found in sent.items():
        if len(found) > 1:
            yield f"L4: {arn} was released with {len(found)} tokens: {', '.join(sorted(found))}"
        for token in found:
            if not _TOKEN.fullmatch(token) or token != tokens.release_token(arn):
                yield f"L4: {arn} was released with the token {token!r}, which does not follow from the ARN"
            if owner.setdefault(token, arn) != arn:
                yield f"L4: the token {token} was used for two numbers"
    done = Counter(
        str(entry.phone_number_arn)
        for entry in world.emulator.audit
        if entry.operation == "ReleasePhoneNumber" and entry.took_effect
    )
    for arn, count in done.items():
        if count > 1:
            yield f"L4: {arn} was released {count} times"


def always_a_response(world: World, *, faults_may_last: bool) -> Iterator[str]:
    """L5: each request gets one response, in time, and the same one however often the request is delivered.

    A timeout of a few minutes can pass before Lambda redelivers a request whose invocation has died.
    """
    for request in world.cloudformation.requests.values():
        if request.undeliverable or (world.is_provider_gone and request.state is RequestState.CANCELED):
            continue
        in_time = [response for response in request.responses if response.time < request.sent_at + _timeout(request)]
        may_be_late = faults_may_last or _timeout(request) <= _SHORT_TIMEOUT_SECONDS
        if not in_time and not (may_be_late and _was_hit_at_every_invocation(world, request)):
            yield f"L5: {request.name()} ({request.state}) was not answered in time"
        responses = {(response.status, response.physical_id) for response in request.responses}
        if len(responses) > 1:
            yield f"L5: {request.name()} was answered differently: {sorted(responses)}"
        for status, physical_id in responses:
            if request.type == "Delete" and physical_id != request.physical_id:
                yield f"L5: {request.name()} of {request.physical_id} was answered for {physical_id}"
            if request.type == "Update" and status == "FAILED" and physical_id != request.physical_id:
                yield f"L5: {request.name()} FAILED with {physical_id} instead of {request.physical_id}"


def _was_hit_at_every_invocation(world: World, request: SentRequest) -> bool:
    """Return whether a fault hit, or the scenario held, each invocation that the request got in time."""
    hit: dict[str, bool] = {f"{request.lambda_event.name}/1": True} if request.lambda_event.hold_at is not None else {}
    for call in _calls_for(world, request):
        if call.time < request.sent_at + _timeout(request):
            hit[call.task] = hit.get(call.task, False) or bool(call.fault)
    return bool(hit) and all(hit.values())


def no_churn(world: World, needed: Needed) -> Iterator[str]:
    """L6: the run makes no more claims and releases than the scenario needs without faults."""
    done = Counter(entry.operation for entry in world.emulator.audit if entry.took_effect)
    claims = done["ClaimPhoneNumber"] + done["ImportPhoneNumber"] - len(world.by_hand)
    releases = done["ReleasePhoneNumber"] - len(world.released_by_hand)
    if claims > needed.claims:
        yield f"L6: {claims} claims instead of {needed.claims}"
    if releases > needed.releases:
        yield f"L6: {releases} releases instead of {needed.releases}"


def budget_is_right(world: World) -> Iterator[str]:
    """L6: the function's budget has as many claims and releases of its numbers as Connect has counted."""
    if world.is_provider_gone or world.is_ledger_damaged:
        return
    now = world.timeline.now
    claims = {
        str(entry.phone_number_arn): entry.time
        for entry in world.emulator.audit
        if entry.took_effect
        and entry.operation in ("ClaimPhoneNumber", "ImportPhoneNumber")
        and entry.phone_number_arn not in world.by_hand
    }
    ours = [arn for arn, time in claims.items() if time > now - _WINDOW_SECONDS]
    adopted = {number.arn for number in world.emulator.numbers() if _was_adopted(world, number.arn)} & world.by_hand
    released = [
        entry.phone_number_arn
        for entry in world.emulator.audit
        if entry.took_effect
        and entry.time > now - _WINDOW_SECONDS
        and entry.operation == "ReleasePhoneNumber"
        and entry.phone_number_arn in claims.keys() | adopted
    ]
    counted = Budget.of(world.budget_item()).without_past(day_of(now)).used
    # When somebody else has released a number is not known. It counts as if that was just now.
    if not 0 <= counted - len(ours) - len(released) <= len(world.released_by_hand):
        yield f"L6: the budget has {counted} claims and releases, but there were {len(ours)} and {len(released)}"


def release_happens(world: World, numbers: Mapping[str, ClaimedNumber]) -> Iterator[str]:
    """L7: a number that CloudFormation asked to delete is gone, whatever the function told CloudFormation."""
    for request in world.cloudformation.requests.values():
        number = numbers.get(request.physical_id)
        if request.type != "Delete" or number is None or not number.is_held or _may_stay(request):
            continue
        # This includes a number that a stack was deleted without, after the number's Delete had failed.
        if request.physical_id in world.taken_over | world.cloudformation.retained:
            continue
        if request.physical_id in world.by_hand and not _was_adopted(world, request.physical_id):
            continue
        if any(later.sent_at > request.sent_at for later in _successes(world, request.physical_id)):
            continue
        yield f"L7: {request.physical_id} ({number.status}) was to be deleted, but is still there"


def _check_response(world: World, request: SentRequest) -> None:
    """L8: SUCCESS means that the number is CLAIMED and as the template asks for it, or that it is gone."""
    response = request.responses[-1]
    if not response.counts or response.status != "SUCCESS":
        return
    numbers = {number.arn: number for number in world.emulator.numbers()}
    if request.event["ResourceType"] == POOL_RESOURCE_TYPE and request.type == "Delete":
        # Its own numbers are those that it has got itself.
        if request.properties.get("RetainParked") != "true":
            world.violations += _dishonest_deletion(world, request, numbers)
        return
    if request.event["ResourceType"] != RESOURCE_TYPE:
        return
    if request.type == "Delete":
        world.violations += _dishonest_deletion(world, request, numbers)
        return
    number = numbers.get(response.physical_id)
    if number is None or not _is_claimed(number):
        found = number.status if number is not None else "nothing"
        world.violations.append(f"L8: SUCCESS of {request.name()} for {response.physical_id}, which is {found}")
        return
    for what, is_so, wanted in _wanted(request, number):
        if is_so != wanted:
            world.violations.append(f"L8: SUCCESS of {request.name()}, but {what} is {is_so!r} instead of {wanted!r}")


def _dishonest_deletion(world: World, request: SentRequest, numbers: Mapping[str, ClaimedNumber]) -> Iterator[str]:
    if _ARN.fullmatch(request.physical_id):
        yield from _still_there(world, request, numbers.get(request.physical_id))
        return
    known = world.cloudformation.known_ids()
    kept = world.cloudformation.retained | _kept_by_policy(world)
    # The request cannot know what Connect does between its last look and its response. The sweeper handles that.
    looks = (call.time for call in _calls_for(world, request) if call.surface is Surface.CONNECT)
    looked_at = max(looks, default=world.timeline.now)
    if is_failed_creation_id(request.physical_id):
        # What another request for the same resource claims, or has answered with, is that request's. The sweeper asks
        # what became of it.
        others = [
            other
            for other in world.cloudformation.requests.values()
            if failed_creation_id(parse_request(other.event).key) != request.physical_id
        ]
        if any(_creates_beside(other, request) for other in others):
            return
        kept |= {response.physical_id for other in others for response in other.responses}
    held = request.stack.resources.get(request.logical_id)
    if "MaxParked" in request.properties and held is not None and held.physical_id != request.physical_id:
        # This Delete is of an earlier creation, and the pool that was created since has numbers.
        return
    for number in numbers.values():
        is_visible = looked_at >= number.visible_at
        is_ours = _owner(number) == f"{request.stack.id} {request.logical_id}"
        if not is_ours or not is_visible or number.arn in known or number.arn in kept or number.arn in world.by_hand:
            continue
        if _parked_until(world, number.arn) > world.timeline.now:
            continue
        if number.status in (Status.CLAIMED, Status.IN_PROGRESS):
            yield f"L8: SUCCESS of {request.name()}, but {number.phone_number} of the canceled creation is there"


def _still_there(world: World, request: SentRequest, number: ClaimedNumber | None) -> Iterator[str]:
    is_ours = number is not None and number.tags.get(contract.RESOURCE_TAG) == request.logical_id
    if number is None or not number.is_held or not is_ours or _may_stay(request):
        return
    if _parked_until(world, number.arn) > world.timeline.now:
        yield from _not_parked(world, request, number)
    elif not _has_another(world, request) and not _is_listed(world, number.arn) and number.status is not Status.FAILED:
        yield f"L8: SUCCESS of {request.name()}, but {number.phone_number} is {number.status}"


def _not_parked(world: World, request: SentRequest, number: ClaimedNumber) -> Iterator[str]:
    """Say what is wrong with a number that is to be parked."""
    if _owner(number) != f"{request.stack.id} {request.logical_id}" or _has_another(world, request):
        return
    if number.arn in world.cloudformation.retained:
        # Its pool was deleted before the number could be parked, and the account keeps it as it is.
        return
    if number.contact_flows:
        yield f"L8: SUCCESS of {request.name()}, but {number.phone_number} still has a flow"
    if contract.PARKED_TAG not in number.tags and not _is_listed(world, number.arn):
        yield f"L8: SUCCESS of {request.name()}, but {number.phone_number} does not say until when it is parked"
    if request.properties.get("Pool"):
        left = [tag["Key"] for tag in request.properties.get("Tags", []) if tag["Key"] in number.tags]
        if left or number.description:
            yield f"L8: SUCCESS of {request.name()}, but {number.phone_number} still has {left} {number.description!r}"
        target = request.properties.get("ParkingTargetArn", number.target_arn)
        # A target that refuses the number does not stop the deletion.
        is_refused = target in world.full_targets or any(
            call.operation == "UpdatePhoneNumber" and call.fault for call in world.wire.calls
        )
        if number.target_arn != target and not is_refused:
            yield f"L8: SUCCESS of {request.name()}, but {number.phone_number} is at {number.target_arn}"


def _parked_until(world: World, arn: str) -> float:
    """Return until when a number may be held although it belongs to no resource.

    Either a Delete has named it, or the creation that has claimed it was canceled.
    """
    owner = next(_owner(number) for number in world.emulator.numbers() if number.arn == arn)
    # The budget may postpone a release until claims of any time before are free again.
    postponed = 0 if world.options.budget.postpone_releases_below is None else _WINDOW_SECONDS
    return max(
        (
            request.sent_at + max(_delay(request), postponed)
            for request in world.cloudformation.requests.values()
            if request.type == "Delete"
            and (
                request.physical_id == arn
                or (not _ARN.fullmatch(request.physical_id) and owner == f"{request.stack.id} {request.logical_id}")
            )
        ),
        default=0.0,
    )


def _delay(request: SentRequest) -> float:
    return float(request.properties.get("ReleaseDelay", 0))


def _wanted(request: SentRequest, number: ClaimedNumber) -> Iterator[tuple[str, object, object]]:
    properties = request.properties
    assert request.response is not None
    yield "Data.PhoneNumber", request.response.data.get("PhoneNumber"), number.phone_number
    yield "Data.PhoneNumberArn", request.response.data.get("PhoneNumberArn"), number.arn
    yield "the target", number.target_arn, properties["TargetArn"]
    if properties.get("Description") or not properties.get("Adopt"):
        yield "the description", number.description or "", properties.get("Description", "")
    for tag in properties.get("Tags", []):
        yield f"tag {tag['Key']}", number.tags.get(tag["Key"]), tag["Value"]
    flow_arn: str = properties.get("ContactFlowArn", "")
    if flow_arn or not properties.get("Adopt"):
        yield "the flow", "".join(number.contact_flows.values()), flow_arn.rsplit("/", 1)[-1]
    for name, value in (
        ("CountryCode", number.country_code),
        ("Type", number.type),
        ("PhoneNumber", number.phone_number),
    ):
        if properties.get(name):
            yield name, value, properties[name]
    if properties.get("Prefix"):
        yield "the prefix", number.phone_number.startswith(properties["Prefix"]), True


def _check_change(world: World, operation: str, parameters: Mapping[str, Any]) -> None:
    """L3: the handler changes only its own numbers, and releases one only after CloudFormation asked for it."""
    member = _CHANGES_OF_A_NUMBER.get(operation)
    if member is None:
        return
    arn = _arn(str(parameters[member]))
    known = world.cloudformation.known_ids()
    if arn in world.by_hand and not _is_to_be_adopted(world, arn):
        world.violations.append(f"L3: {operation} of {arn}, which was claimed by hand")
    if arn in world.taken_over:
        world.violations.append(f"L3: {operation} of {arn}, which is somebody else's by now")
    request = _current_request(world)
    if arn in known and request is not None:
        stack, logical_id = known[arn]
        is_own = (stack, logical_id) == (request.stack, request.logical_id)
        # Both resources that had the number are being deleted. It does not matter which request acts first.
        owners_going = {(deletion.stack.id, deletion.logical_id) for deletion in _deletions(world, arn)}
        is_own = is_own or (request.type == "Delete" and (stack.id, logical_id) in owners_going)
        is_own = is_own or _is_late_parking(world, request, operation, arn)
        # Its Delete has parked it, or else another resource would not know of it.
        is_own = is_own or any(
            _delay(deletion) > 0 and (deletion.response is None or deletion.succeeded)
            for deletion in _deletions(world, arn)
        )
        if not is_own and not request.properties.get("Adopt") and "ProviderId" not in request.properties:
            world.violations.append(
                f"L3: {request.name()} does {operation} to {arn}, which is that of {stack.name}.{logical_id}"
            )
    if operation == "ReleasePhoneNumber":
        world.violations += _wrong_release(world, arn)


def _is_late_parking(world: World, request: SentRequest, operation: str, arn: str) -> bool:
    """Return whether a Delete parks a number that another resource has got since the Delete looked at it last.

    Nothing can prevent that, as Connect knows no conditions. The function has to mend it.
    """
    if request.type != "Delete" or request.physical_id != arn or operation == "ReleasePhoneNumber":
        return False
    task = world.timeline.current
    looks = [call.time for call in world.wire.calls[:-1] if task is not None and call.task == task.name]
    responses = [success.response.time for success in _successes(world, arn) if success.response is not None]
    return bool(looks) and looks[-1] <= max(responses)


def _wrong_release(world: World, arn: str) -> Iterator[str]:
    if arn in world.by_hand and not _was_adopted(world, arn):
        yield f"L3: {arn} is released, but its adoption never was successful"
    if arn in world.cloudformation.retained:
        yield f"L3: {arn} is released, but was to be retained"
    deletions = _deletions(world, arn)
    if arn in world.cloudformation.known_ids() and not deletions:
        yield f"L3: {arn} is released, but CloudFormation has not deleted it"
    may_be_early = any(_may_leave_its_pool(world, request) for request in deletions)
    now = world.timeline.now + _CLOCK_DIFFERENCE_SECONDS
    is_early = all(request.sent_at + _delay(request) > now for request in deletions)
    if deletions and is_early and not may_be_early:
        yield f"L3: {arn} is released before the time is up for which it is to be parked"
    if deletions and all(_must_stay(request) for request in deletions):
        yield f"L3: {arn} is released, but its properties say that it stays"


def _may_leave_its_pool(world: World, request: SentRequest) -> bool:
    """Return whether a number may be released early: its pool has too many, or is being deleted."""
    pool_id = request.properties.get("Pool")
    pool = next((resource for resource in _resources(world) if resource.physical_id == pool_id), None)
    if pool is None or pool.is_being_deleted:
        return bool(pool_id)
    known = world.cloudformation.known_ids()
    pooled = {
        deletion.physical_id
        for deletion in world.cloudformation.requests.values()
        if deletion.type == "Delete" and deletion.properties.get("Pool") == pool_id
    }
    parked = [number for number in world.emulator.numbers() if number.is_held and number.arn in pooled - known.keys()]
    # The number that is being released is not held any more.
    return len(parked) >= int(pool.properties["MaxParked"])


def _resources(world: World) -> Iterator[StackResource]:
    for stack in world.cloudformation.stacks.values():
        yield from stack.resources.values()


def _current_request(world: World) -> SentRequest | None:
    task = world.timeline.current
    for request in world.cloudformation.requests.values():
        if task is not None and task in request.lambda_event.invocations:
            return request
    return None


def _calls_for(world: World, request: SentRequest) -> Iterator[Call]:
    """Return the calls that were made for a request, in any delivery of it."""
    for call in world.wire.calls:
        if _DELIVERED_ANEW.sub("", call.task).rpartition("/")[0] == request.lambda_event.name:
            yield call


def _creates_beside(creation: SentRequest, request: SentRequest) -> bool:
    """Return whether a request is a Create of another request's resource that may have run a short time before it."""
    is_same = (creation.stack.id, creation.logical_id) == (request.stack.id, request.logical_id)
    return creation.type == "Create" and is_same and request.sent_at < creation.sent_at + _timeout(creation)


def _calls(world: World, operation: str) -> Iterator[Call]:
    for call in world.wire.calls:
        if call.operation == operation and call.fault != FaultKind.DEATH:
            yield call


def _arn(identifier: str) -> str:
    if identifier.startswith("arn:"):
        return identifier
    return f"arn:aws:connect:us-east-1:000000000000:phone-number/{identifier}"


def _is_claimed(number: ClaimedNumber) -> bool:
    """Whether a number is held for good. A failed move also sets FAILED, but leaves the number where it was."""
    return number.status is Status.CLAIMED or (number.status is Status.FAILED and number.held_until is None)


def _owner(number: ClaimedNumber) -> str:
    return f"{number.tags.get(contract.STACK_TAG)} {number.tags.get(contract.RESOURCE_TAG)}"


def _timeout(request: SentRequest) -> float:
    return float(request.properties.get("ServiceTimeout", 3600))


def _deletions(world: World, arn: str) -> list[SentRequest]:
    """Return the Deletes of a number that were sent after CloudFormation was last told about the number."""
    used = max((request.sent_at for request in _successes(world, arn)), default=START - 1)
    return [request for request in _all_deletions(world, arn) if request.sent_at >= used]


def _all_deletions(world: World, arn: str) -> Iterator[SentRequest]:
    for request in world.cloudformation.requests.values():
        if request.type == "Delete" and request.physical_id == arn:
            yield request


def _successes(world: World, arn: str) -> Iterator[SentRequest]:
    for request in world.cloudformation.requests.values():
        if request.type != "Delete" and request.succeeded and request.response and request.response.physical_id == arn:
            yield request


def _has_another(world: World, request: SentRequest) -> bool:
    """Return whether CloudFormation has another resource with the number, whose own Delete is pending or to come."""
    return any(
        resource.physical_id == request.physical_id and (stack, logical_id) != (request.stack, request.logical_id)
        for stack in world.cloudformation.stacks.values()
        for logical_id, resource in stack.resources.items()
    )


def _may_stay(request: SentRequest) -> bool:
    """Whether a Delete may leave the number alone."""
    if request.properties.get("Adopt"):
        return not _must_go(request)
    return bool(request.properties.get("ReleaseProtection")) and not request.was_rolling_back


def _must_stay(request: SentRequest) -> bool:
    """Whether a Delete has to keep the number: to restore it after an undone adoption, or because it is protected."""
    if request.properties.get("Adopt"):
        return request.established_at is None or request.was_held_elsewhere
    return _may_stay(request)


def _must_go(request: SentRequest) -> bool:
    """Whether a Delete of an adopted number has to release it.

    It does not if CloudFormation could not yet tell that the adoption was complete: keeping a number can be corrected.
    """
    is_established = request.established_at is not None and request.established_at < request.sent_at - _SEEN_SECONDS
    return is_established and not request.was_held_elsewhere


def _kept_by_policy(world: World) -> set[str]:
    return {
        request.physical_id
        for request in world.cloudformation.requests.values()
        if request.type == "Delete" and _may_stay(request) and request.state is not RequestState.WAITING
    }


def _was_adopted(world: World, arn: str) -> bool:
    return any(True for _ in _successes(world, arn)) and not _is_listed(world, arn)


def _is_to_be_adopted(world: World, arn: str) -> bool:
    phone_number = _phone_number(world, arn)
    return _is_listed(world, arn) or any(
        request.properties.get("Adopt") and request.properties.get("PhoneNumber") == phone_number
        for request in world.cloudformation.requests.values()
    )


def _is_listed(world: World, arn: str) -> bool:
    """Return whether a pool has, or has had, a number by its list. Such a number is never released."""
    phone_number = _phone_number(world, arn)
    requests = world.cloudformation.requests.values()
    return any(phone_number in request.properties.get("PhoneNumbers", ()) for request in requests)


def _phone_number(world: World, arn: str) -> str:
    return next(number.phone_number for number in world.emulator.numbers() if number.arn == arn)
