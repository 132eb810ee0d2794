"""The operations that change who holds a number: claim, import, move, and release."""

from typing import Any

from . import inventory
from .call import Call
from .model import service_error
from .state import ClaimedNumber, Status, Target, Workflow


def claim_phone_number(call: Call) -> dict[str, Any]:
    """Claim a free number, or retry the claim of a number whose last claim failed."""
    target = call.find_target()
    _refuse_above_200_percent(call)
    phone_number = call.parameters["PhoneNumber"]
    kind = inventory.kind_of(phone_number)
    if kind is None or not inventory.is_offered(phone_number, call.settings.inventory_limit):
        raise _not_available(call, phone_number)
    return _accept_claim(call, target, phone_number, *kind)


def import_phone_number(call: Call) -> dict[str, Any]:
    """Take a number over from AWS End User Messaging."""
    target = call.find_instance(call.parameters["InstanceId"])
    source_arn = call.parameters["SourcePhoneNumberArn"]
    source = call.registry.sources.get(source_arn)
    if source is None or source.scope != call.scope:
        raise service_error("ResourceNotFoundException", f"Source phone number not found: {source_arn}")
    _refuse_above_200_percent(call)
    return _accept_claim(call, target, source.phone_number, source.country_code, source.type, source_arn)


def update_phone_number(call: Call) -> dict[str, Any]:
    """Move a number to another instance or traffic distribution group, without its flow."""
    number = call.find_own_number(call.parameters["PhoneNumberId"])
    target = call.find_target()
    refuse_in_progress(number)
    if number.held_until is not None:
        raise service_error("InvalidParameterException", f"Phone number is not claimed: {number.arn}")
    number.workflow = Workflow(
        ends_at=call.workflow_end(),
        target_arn=target.arn,
        failure=call.workflow_failure(target),
        hold_seconds=None,
    )
    number.status = Status.IN_PROGRESS
    number.message = None
    call.changed = True
    return {"PhoneNumberId": number.id, "PhoneNumberArn": number.arn}


def release_phone_number(call: Call) -> dict[str, Any]:
    """Release a number. A number whose claim had failed does not cool down."""
    number = call.find_own_number(call.parameters["PhoneNumberId"])
    if call.settings.refuse_release_in_progress:
        refuse_in_progress(number)
    cooldown_until = call.now + call.settings.cooldown_seconds if number.is_active else None
    call.registry.release(number, call.now, cooldown_until)
    call.quotas.record(call.scope, call.now)
    call.changed = True
    return {}


def refuse_in_progress(number: ClaimedNumber) -> None:
    """Refuse with ResourceInUseException while a claim, an import, or a move is in progress."""
    if number.workflow is not None:
        raise service_error("ResourceInUseException", f"Another operation is in progress for {number.arn}")


def _accept_claim(
    call: Call,
    target: Target,
    phone_number: str,
    country_code: str,
    type: str,
    source_arn: str | None = None,
) -> dict[str, Any]:
    holder = call.registry.holder(phone_number, call.now)
    if holder is not None and holder.scope == call.scope and holder.held_until is not None:
        call.registry.give_up(holder)
    if not call.registry.is_free(phone_number, call.now):
        raise _not_available(call, phone_number)
    number_id = call.registry.new_id()
    number = ClaimedNumber(
        id=number_id,
        arn=call.scope.arn(f"phone-number/{number_id}"),
        scope=call.scope,
        sequence=len(call.registry.history) + 1,
        phone_number=phone_number,
        country_code=country_code,
        type=type,
        target_arn=target.arn,
        description=call.parameters.get("PhoneNumberDescription"),
        tags=dict(call.parameters.get("Tags", {})),
        source_arn=source_arn,
        claimed_at=call.now,
        visible_at=call.now + call.settings.describe_lag_seconds,
        workflow=Workflow(
            ends_at=call.workflow_end(),
            target_arn=target.arn,
            failure=_quota_failure(call) or call.workflow_failure(target),
            hold_seconds=call.settings.failed_hold_seconds,
        ),
    )
    call.registry.add(number)
    call.quotas.record(call.scope, call.now)
    call.number = number
    call.changed = True
    return {"PhoneNumberId": number.id, "PhoneNumberArn": number.arn}


def _quota_failure(call: Call) -> str | None:
    quota = call.quotas.quota(call.scope, call.settings)
    if sum(number.is_active for number in call.registry.held(call.now, call.scope)) < quota:
        return None
    return f"The account has reached its limit of total claimed numbers: {quota}"


def _refuse_above_200_percent(call: Call) -> None:
    if call.quotas.is_blocked(call.scope, call.now, call.settings):
        raise service_error(
            "InvalidParameterException",
            "You have exceeded the limit of phone numbers that can be claimed and released: 200% of "
            f"{call.quotas.quota(call.scope, call.settings)} within 180 days. You are blocked from claiming any "
            "more numbers until 180 days past the oldest number released has expired.",
        )


def _not_available(call: Call, phone_number: str) -> Exception:
    message = call.settings.not_available_message.format(number=phone_number)
    return service_error("InvalidParameterException", message)
