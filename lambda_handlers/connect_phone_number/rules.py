"""The rules for valid properties, shared by the construct (at synth) and the function (at deployment).

Each ``check_…`` function checks one property and returns ``None`` if the value is valid. Otherwise it returns the rest
of a sentence that begins with the property's name: what is wrong, with which value, and what to do. The construct puts
its path and the property's Python name before this text. The function puts the CloudFormation name before it. The
limits and patterns are those of the Amazon Connect API reference.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .contract import OWNERSHIP_TAGS, TAG_PREFIX
from .countries import CALLING_CODES, MISTAKEN_CODES

PHONE_NUMBER_TYPES: Final = (
    "DID",
    "SHARED",
    "SHORT_CODE",
    "THIRD_PARTY_DID",
    "THIRD_PARTY_TF",
    "TOLL_FREE",
    "UIFN",
)
"""https://docs.aws.amazon.com/connect/latest/APIReference/API_SearchAvailablePhoneNumbers.html"""

DEFAULT_TYPE: Final = "DID"

MAX_DESCRIPTION_LENGTH: Final = 500
MAX_PARKED: Final = 100
MAX_FILLED: Final = 40
"""How many numbers a pool gets itself in one deployment: they are decided on in one write of the ledger, which may also
cancel as many of an earlier deployment.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""
_POOL: Final = re.compile(r"pool-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MAX_TAGS: Final = 50
MAX_RELEASE_DELAY_SECONDS: Final = 365 * 86_400
MAX_TAG_KEY_LENGTH: Final = 128
MAX_TAG_VALUE_LENGTH: Final = 256
MAX_TIMEOUT_SECONDS: Final = 3600

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_CONNECT_ARN = r"arn:(?P<partition>aws[a-z-]*):connect:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
_TARGET_ARN = re.compile(_CONNECT_ARN + rf"(?P<kind>instance|traffic-distribution-group)/(?P<id>{_UUID})")
_PHONE_NUMBER_ARN = re.compile(_CONNECT_ARN + rf"phone-number/(?P<id>{_UUID})")
_CONTACT_FLOW_ARN = re.compile(_CONNECT_ARN + rf"instance/(?P<instance>{_UUID})/contact-flow/(?P<id>{_UUID})")
_SOURCE_ARN = re.compile(r"arn:aws[a-z-]*:sms-voice:(?P<region>[a-z0-9-]+):[0-9]{12}:phone-number/[A-Za-z0-9_:/-]+")
_PREFIX = re.compile(r"\+[0-9]{1,11}")
_PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{1,14}")
_TAG_TEXT = re.compile(r"[\w\s.:/=+\-@]*")


@dataclass(frozen=True)
class ConnectArn:
    """The parts of an Amazon Connect ARN that matter here."""

    partition: str
    region: str
    account: str
    id: str


def parse_phone_number_arn(arn: str) -> ConnectArn | None:
    """Return the parts of a phone number's ARN, or ``None`` if ``arn`` is anything else."""
    match = _PHONE_NUMBER_ARN.fullmatch(arn)
    return ConnectArn(match["partition"], match["region"], match["account"], match["id"]) if match else None


def instance_id_of(target_arn: str) -> str | None:
    """Return the instance's id if the target is an instance, or ``None`` for a traffic distribution group."""
    match = _TARGET_ARN.fullmatch(target_arn)
    return match["id"] if match and match["kind"] == "instance" else None


def contact_flow_ids(contact_flow_arn: str) -> tuple[str, str]:
    """Return the instance's id and the flow's id from a flow's ARN that ``check_contact_flow_arn`` accepts."""
    match = _CONTACT_FLOW_ARN.fullmatch(contact_flow_arn)
    if match is None:
        raise ValueError(f"{contact_flow_arn!r} is not the ARN of a flow")
    return match["instance"], match["id"]


def instance_arn_of(contact_flow_arn: str) -> str:
    """Return the ARN of the instance that a flow belongs to. Empty if ``contact_flow_arn`` is not a flow's ARN."""
    match = _CONTACT_FLOW_ARN.fullmatch(contact_flow_arn)
    return contact_flow_arn.partition("/contact-flow/")[0] if match else ""


def check_target_arn(value: str, region: str | None = None) -> str | None:
    """Check the ARN of an instance or a traffic distribution group. ``region`` is the stack's Region."""
    match = _TARGET_ARN.fullmatch(value)
    if match is None:
        return (
            f"must be the ARN of an Amazon Connect instance or traffic distribution group, but is {value!r}. "
            "Use arn:aws:connect:<region>:<account>:instance/<id> or "
            "arn:aws:connect:<region>:<account>:traffic-distribution-group/<id>."
        )
    return _check_region(match["region"], value, region)


def check_country_code(value: str) -> str | None:
    """Check an ISO 3166-1 alpha-2 country code that Amazon Connect knows."""
    if value in CALLING_CODES:
        return None
    meant = MISTAKEN_CODES.get(value.upper(), value.upper())
    hint = f"Did you mean {meant!r}?" if meant in CALLING_CODES else ""
    return f"must be a two-letter country code that Amazon Connect knows, but is {value!r}. " + (
        hint or "Use for example 'US', 'GB' or 'DE'."
    )


def check_type(value: str) -> str | None:
    """Check a phone number type against those that Amazon Connect knows."""
    if value in PHONE_NUMBER_TYPES:
        return None
    meant = next((each for each in PHONE_NUMBER_TYPES if _letters(each) == _letters(value)), None)
    hint = "" if meant is None else f" Did you mean {meant!r}?"
    return f"must be one of {', '.join(PHONE_NUMBER_TYPES)}, but is {value!r}.{hint}"


def _letters(type: str) -> str:
    return re.sub(r"[^A-Z]", "", type.upper())


def check_prefix(value: str, country_code: str | None = None) -> str | None:
    """Check the prefix of the numbers to search for, and its calling code if ``country_code`` is known."""
    if not _PREFIX.fullmatch(value):
        return (
            f"must be '+' and 1 to 11 digits, but is {value!r}. "
            "Begin with '+' and the country's calling code, for example '+1206'."
        )
    return _check_calling_code(value, country_code)


def check_phone_number(value: str, country_code: str | None = None) -> str | None:
    """Check a number in E.164 form, and its calling code if ``country_code`` is known."""
    if not _PHONE_NUMBER.fullmatch(value):
        return (
            f"must be a number in E.164 form, but is {value!r}. "
            "Write '+', the calling code and the number, digits only, for example '+12065550100'."
        )
    return _check_calling_code(value, country_code)


def check_description(value: str) -> str | None:
    """Check the length of a description, which is at most 500 characters."""
    if len(value) <= MAX_DESCRIPTION_LENGTH:
        return None
    return f"may have at most {MAX_DESCRIPTION_LENGTH} characters, but has {len(value)} ({value[:40]!r}…). Shorten it."


def check_contact_flow_arn(value: str, region: str | None = None, target_arn: str | None = None) -> str | None:
    """Check a flow's ARN. If the target is an instance, the flow must belong to that instance."""
    match = _CONTACT_FLOW_ARN.fullmatch(value)
    if match is None:
        return (
            f"must be the ARN of a flow, but is {value!r}. "
            "Use arn:aws:connect:<region>:<account>:instance/<id>/contact-flow/<id>."
        )
    instance = instance_id_of(target_arn) if target_arn is not None else None
    if instance is not None and instance != match["instance"]:
        return (
            f"belongs to instance {match['instance']}, but the target is instance {instance} "
            f"({value!r}). Use a flow of the target's own instance."
        )
    return _check_region(match["region"], value, region)


def check_source_phone_number_arn(value: str, region: str | None = None) -> str | None:
    """Check the ARN of an AWS End User Messaging number that is to be imported."""
    match = _SOURCE_ARN.fullmatch(value)
    if match is None:
        return (
            f"must be the ARN of a phone number of AWS End User Messaging, but is {value!r}. "
            "Use arn:aws:sms-voice:<region>:<account>:phone-number/<id>."
        )
    return _check_region(match["region"], value, region)


def check_import_target(target_arn: str) -> str | None:
    """Check the target of a number that is to be imported, which must be an instance."""
    if _TARGET_ARN.fullmatch(target_arn) is None or instance_id_of(target_arn) is not None:
        return None
    return (
        f"must be an instance where a number is imported, but is {target_arn!r}. Connect imports into instances only: "
        "import the number into one first, then move it by changing the target."
    )


def check_phone_number_arn(value: str, region: str | None = None) -> str | None:
    """Check the ARN of a claimed phone number."""
    match = _PHONE_NUMBER_ARN.fullmatch(value)
    if match is None:
        return (
            f"must be the ARN of a phone number, but is {value!r}. "
            "Use arn:aws:connect:<region>:<account>:phone-number/<id>."
        )
    return _check_region(match["region"], value, region)


def check_timeout_seconds(value: int) -> str | None:
    """Check the time that CloudFormation waits for a response, in whole seconds."""
    if 60 <= value <= MAX_TIMEOUT_SECONDS:
        return None
    return (
        f"must be from 60 to {MAX_TIMEOUT_SECONDS} seconds, but is {value} seconds. "
        "A claim usually takes less than a minute; CloudFormation waits at most an hour."
    )


def check_release_delay(value: str) -> str | None:
    """Check for how many seconds a number is parked before it is released."""
    remedy = "Seven days are 604800 seconds; 0 releases the number with its resource."
    return _check_whole(value, 0, MAX_RELEASE_DELAY_SECONDS, "of seconds ", " (365 days)", remedy)


def check_max_parked(value: str) -> str | None:
    """Check how many numbers may be parked in a pool."""
    return _check_whole(value, 1, MAX_PARKED)


def check_release_after(value: str) -> str | None:
    """Check for how many seconds a number is parked in a pool."""
    remedy = "Use for example 2592000 for 30 days."
    return _check_whole(value, 1, MAX_RELEASE_DELAY_SECONDS, "of seconds ", " (365 days)", remedy)


def check_filled(min_parked: str, numbers: Sequence[str]) -> str | None:
    """Check how many numbers a pool gets itself in all, and return a whole sentence."""
    count = len(numbers) + int(min_parked or 0)
    if count > MAX_FILLED:
        return (
            f"MinParked and PhoneNumbers may be {MAX_FILLED} numbers at most, but are {count}. Make another pool for "
            "the others."
        )
    return None


def check_min_parked(value: str, max_parked: str | None) -> str | None:
    """Check how many numbers stay parked in a pool, and ``max_parked`` if it is known."""
    problem = _check_whole(value, 0, MAX_FILLED)
    if problem is None and max_parked is not None and int(value) > int(max_parked):
        return f"must not be above MaxParked, which is {max_parked}, but is {value!r}."
    return problem


def check_listed_numbers(numbers: Sequence[str]) -> str | None:
    """Check the numbers of the account that a pool is to have."""
    for number in numbers:
        if problem := check_phone_number(number):
            return f"must each be a number. One {problem}"
        if numbers.count(number) > 1:
            return f"have {number} twice. Remove one."
    return None


def check_filling(
    *, country_code: bool, type: bool, prefix: bool, target: bool, min_parked: bool, phone_numbers: bool
) -> str | None:
    """Check the combination of the properties with which a pool gets numbers itself, and return a whole sentence."""
    if (min_parked or phone_numbers) and not target:
        return "ParkingTargetArn is missing. A pool with MinParked or PhoneNumbers needs the target for its numbers."
    if min_parked and not country_code:
        return "CountryCode is missing. MinParked needs it: say which numbers are to be claimed, for example 'US'."
    if (country_code or type or prefix) and not min_parked:
        return "CountryCode, Type and Prefix say which numbers are claimed for MinParked. Set that, or remove them."
    return None


def _check_whole(value: str, least: int, most: int, unit: str = "", meaning: str = "", remedy: str = "") -> str | None:
    if value.isascii() and value.isdigit() and least <= int(value) <= most:
        return None
    return f"must be a whole number {unit}from {least} to {most}{meaning}, but is {value!r}. {remedy}".rstrip()


def check_pool(value: str, release_delay: str | None) -> str | None:
    """Check the name of a pool, which needs a delay if that is known."""
    if not _POOL.fullmatch(value):
        return f"must be the Ref of a Custom::ConnectPhoneNumberPool, but is {value!r}."
    if release_delay in ("", "0"):
        return (
            "needs ReleaseDelay, the time for which a number is parked in the pool. Use the pool's attribute "
            "ReleaseAfter."
        )
    return None


def check_parking(has_pool: bool) -> str | None:
    """Check that a target for parked numbers has a pool."""
    return None if has_pool else "is for the numbers of a pool. Set Pool, or remove it."


def check_tags(tags: Mapping[str, str]) -> str | None:
    """Check a number's own tags. The ownership tags leave room for ``MAX_TAGS`` - 4 tags."""
    room = MAX_TAGS - len(OWNERSHIP_TAGS)
    if len(tags) > room:
        return (
            f"are limited to {room}, but {len(tags)} were given: a phone number takes {MAX_TAGS} tags, and "
            f"{len(OWNERSHIP_TAGS)} of them say who owns it. Remove {len(tags) - room}."
        )
    for key, value in tags.items():
        if key.startswith(TAG_PREFIX) or key.lower().startswith("aws:"):
            return f"may not have the key {key!r}: keys that begin so are reserved. Use another key."
        if not 1 <= len(key) <= MAX_TAG_KEY_LENGTH or not _TAG_TEXT.fullmatch(key):
            return (
                f"have the key {key!r}, but a key has 1 to {MAX_TAG_KEY_LENGTH} letters, digits, "
                "spaces and characters of . : / = + - @ _. Use another key."
            )
        if len(value) > MAX_TAG_VALUE_LENGTH:
            return (
                f"have a value of {len(value)} characters for {key!r}, but {MAX_TAG_VALUE_LENGTH} are allowed. "
                "Shorten it."
            )
    return None


def check_combination(
    *,
    country_code: bool,
    type: bool,
    prefix: bool,
    phone_number: bool,
    adopt: bool,
    source_phone_number_arn: bool,
) -> str | None:
    """Check the combination of the properties that select a number.

    Unlike the other checks, this one returns a whole sentence with CloudFormation's property names, because it concerns
    several properties.
    """
    if source_phone_number_arn:
        if country_code or type or prefix or phone_number or adopt:
            return (
                "SourcePhoneNumberArn names the number to import, so CountryCode, Type, Prefix, PhoneNumber and "
                "Adopt do not go with it. Remove them."
            )
        return None
    if adopt and not phone_number:
        return "Adopt needs PhoneNumber: say which number of the account is to be adopted."
    if phone_number and prefix:
        return "PhoneNumber names the one number to take, so Prefix does not go with it. Remove one of them."
    if adopt and phone_number:
        return None
    if not country_code:
        return (
            "CountryCode is missing. Say where to search, for example 'US', or give SourcePhoneNumberArn, or "
            "PhoneNumber with Adopt."
        )
    return None


def _check_region(found: str, value: str, region: str | None) -> str | None:
    if region is None or found == region:
        return None
    return (
        f"is in Region {found}, but this stack is in {region} ({value!r}). A phone number is claimed and released "
        f"only in the Region of its target: deploy the stack to {found}, or use a target in {region}."
    )


def _check_calling_code(value: str, country_code: str | None) -> str | None:
    code = CALLING_CODES.get(country_code) if country_code is not None else None
    if code is None:
        return None
    start = "+" + code
    if value.startswith(start):
        return None
    return (
        f"must begin with {start!r}, the calling code of {country_code}, but is {value!r}. "
        f"Use a value that begins with {start!r}, or another country."
    )
