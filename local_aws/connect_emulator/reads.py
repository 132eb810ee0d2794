"""The operations that only read: search, describe, and list."""

from typing import Any

from . import inventory
from .call import Call
from .model import service_error
from .paging import next_token, start_of_page
from .state import ClaimedNumber, Target

_SEARCH_PAGE = 10
_LIST_PAGE = 1000
_GROUP_PAGE = 10


def search_available_phone_numbers(call: Call) -> dict[str, Any]:
    """Return the next free numbers. The same search returns the same numbers to every caller."""
    call.find_target(also_from_other_region=True)
    country = call.parameters["PhoneNumberCountryCode"]
    type = call.parameters["PhoneNumberType"]
    prefix = call.parameters.get("PhoneNumberPrefix", "+")
    calling_code = inventory.calling_code(country)
    begins_well = prefix.startswith(f"+{calling_code or ''}")
    if "PhoneNumberPrefix" in call.parameters and not begins_well:
        raise service_error(
            "InvalidParameterException",
            f"PhoneNumberPrefix must contain + as part of the country code of {country}: {prefix}",
        )
    size = call.parameters.get("MaxResults", _SEARCH_PAGE)
    candidates = inventory.numbers(country, type, prefix)
    found: list[str] = []
    position = start_of_page(call.parameters)
    while position < len(candidates) and len(found) < size:
        candidate = candidates[position]
        position += 1
        is_offered = inventory.is_offered(candidate, call.settings.inventory_limit)
        if is_offered and call.registry.is_free(candidate, call.now):
            found.append(candidate)
    response: dict[str, Any] = {
        "AvailableNumbersList": [
            {
                "PhoneNumber": number,
                "PhoneNumberCountryCode": country,
                "PhoneNumberType": type,
            }
            for number in found
        ]
    }
    if position < len(candidates):
        response["NextToken"] = next_token(call.parameters, position)
    return response


def describe_phone_number(call: Call) -> dict[str, Any]:
    """Return all details of a number, once its claim is old enough to be visible."""
    number = call.find_number(call.parameters["PhoneNumberId"], release_lag_seconds=call.settings.release_lag_seconds)
    if call.now < number.visible_at:
        raise service_error(
            "ResourceNotFoundException",
            f"Phone number not found: {call.parameters['PhoneNumberId']}",
        )
    return {"ClaimedPhoneNumberSummary": _summary(call, number)}


def describe_traffic_distribution_group(call: Call) -> dict[str, Any]:
    """Return the details of a group: that it exists, and whether it is ACTIVE yet."""
    group = call.find_group(call.parameters["TrafficDistributionGroupId"])
    return {"TrafficDistributionGroup": _group_details(call, group)}


def list_traffic_distribution_groups(call: Call) -> dict[str, Any]:
    """Return the groups that the account has in the Region, in the order in which they were added.

    Groups do not know their instance here, so none is of the instance that ``InstanceId`` names.
    """
    scope = call.scope
    groups = [
        target
        for target in call.registry.targets.values()
        if target.instance_id is None and target.scope.account == scope.account and scope.region in target.regions
    ]
    if "InstanceId" in call.parameters:
        groups = []
    start, size = start_of_page(call.parameters), call.parameters.get("MaxResults", _GROUP_PAGE)
    page = groups[start : start + size]
    response: dict[str, Any] = {"TrafficDistributionGroupSummaryList": [_group_details(call, group) for group in page]}
    if start + size < len(groups):
        response["NextToken"] = next_token(call.parameters, start + size)
    return response


def list_phone_numbers_v2(call: Call) -> dict[str, Any]:
    """Return the numbers of a target, or of the account's instances in the Region, the oldest claim first."""
    parameters = call.parameters
    target_arn, scope = None, call.scope
    if "TargetArn" in parameters or "InstanceId" in parameters:
        target = call.find_target(also_from_other_region=True)
        target_arn, scope = target.arn, target.scope
    prefix = parameters.get("PhoneNumberPrefix", "+")
    if not prefix.startswith("+"):
        raise service_error(
            "InvalidParameterException",
            f"PhoneNumberPrefix must contain + as part of the country code: {prefix}",
        )
    countries = parameters.get("PhoneNumberCountryCodes")
    types = parameters.get("PhoneNumberTypes")
    start = start_of_page(parameters)
    held = call.registry.held(call.now, scope)
    released = call.registry.still_shown(call.now, scope, call.settings.release_lag_seconds)
    matches = [
        number
        for number in sorted((*held, *released), key=lambda shown: shown.sequence)
        if number.sequence > start
        and call.now >= number.visible_at
        and (
            call.shown(number).target_arn == target_arn
            or (target_arn is None and _is_listed_without_target(call, number))
        )
        and number.phone_number.startswith(prefix)
        and (not countries or number.country_code in countries)
        and (not types or number.type in types)
    ]
    size = parameters.get("MaxResults", _LIST_PAGE)
    page = matches[:size]
    response: dict[str, Any] = {"ListPhoneNumbersSummaryList": [_summary(call, number) for number in page]}
    if len(matches) > size:
        response["NextToken"] = next_token(parameters, page[-1].sequence)
    return response


def _group_details(call: Call, group: Target) -> dict[str, Any]:
    group_id = group.arn.rpartition("/")[2]
    return {
        "Id": group_id,
        "Arn": group.arn,
        # Groups have no names of their own here, but a real group always has one.
        "Name": group_id,
        "Status": "ACTIVE" if group.is_active(call.now) else "CREATION_IN_PROGRESS",
        "IsDefault": False,
    }


def _is_listed_without_target(call: Call, number: ClaimedNumber) -> bool:
    belongs_to_group = call.registry.targets[call.shown(number).target_arn].instance_id is None
    return call.settings.list_group_numbers_without_target or not belongs_to_group


def _summary(call: Call, number: ClaimedNumber) -> dict[str, Any]:
    shown = call.shown(number)
    target = call.registry.targets[shown.target_arn]
    return {
        "PhoneNumberId": number.id,
        "PhoneNumberArn": number.arn,
        "PhoneNumber": number.phone_number,
        "PhoneNumberCountryCode": number.country_code,
        "PhoneNumberType": number.type,
        "PhoneNumberDescription": shown.description,
        "TargetArn": shown.target_arn,
        "InstanceId": target.instance_id,
        "Tags": shown.tags,
        "PhoneNumberStatus": {"Status": (number.released_as or number.status).value, "Message": number.message},
        "SourcePhoneNumberArn": number.source_arn,
    }
