"""The properties of a ``Custom::ConnectPhoneNumber``: which ones exist, and what each must look like.

``PROPERTIES`` is the one table of them. The construct runs its checks at synth, as far as the values are known then.
The function runs them at each deployment. To add a property:

1. Add its row here, with its check from ``rules``, and read it in ``parse_properties``. Run
   ``python -m resource_types``, which writes it to the reference, the schemas, and the TypeScript package.
2. Add the field of ``Specification`` or ``Settings`` (``claim.py``) that it is parsed into.
3. Add it to ``NumberProperties`` and to the parameters of ``PhoneNumber`` (``cdk_connect_phone_number``).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Final

from . import contract, rules
from .claim import Settings, Specification
from .json_types import as_list, as_mapping


class InvalidProperty(Exception):
    """A property cannot be used. The message names it and says what to do."""


@dataclass(frozen=True)
class Given:
    """The properties that a resource has, under CloudFormation's names.

    Parameters
    ----------
    known
        The properties whose values are known. At synth, these are all except tokens.
    names
        The names of the properties that have a value, whether it is known or not.
    region
        The stack's Region, if it is known.
    adopt
        Whether an existing number of the account is to be adopted.
    """

    known: Mapping[str, str]
    names: frozenset[str]
    region: str | None
    adopt: bool

    def value(self, name: str) -> str | None:
        """Return a property's value: empty if it has none, ``None`` if that is not known."""
        return self.known.get(name) if name in self.names else ""

    @property
    def is_import(self) -> bool:
        """Whether a number of AWS End User Messaging is to be imported."""
        return "SourcePhoneNumberArn" in self.names


class Kind(StrEnum):
    """What a property's values are."""

    TEXT = "text"
    FLAG = "flag"
    """``true`` or ``false``."""
    COUNT = "count"
    SECONDS = "seconds"
    POOL = "pool"
    """The ``Ref`` of a ``Custom::ConnectPhoneNumberPool``."""
    NUMBERS = "numbers"
    """A list of phone numbers."""
    TAGS = "tags"
    """A list of ``Key`` and ``Value``."""


@dataclass(frozen=True)
class Property:
    """A property of the resource.

    ``python -m resource_types`` writes what others read of it: the reference pages, the schemas, and the typed
    properties for other languages.

    Parameters
    ----------
    values
        What the values are, for the reference: sentences in Markdown, with links relative to ``docs``.
    check
        Returns what is wrong with a value, like the checks of ``rules``.
    on_change
        What a change does.
    required
        Whether it is needed: ``yes``, ``no``, or when.
    allowed
        All values that are allowed, if they are few.
    least
        The lowest number that is allowed.
    most
        The highest number that is allowed; of a text, how long it may be; of a list, how many it may have.
    example
        A value that the check accepts.
    """

    name: str
    values: str
    check: Callable[[str, Given], str | None] = lambda _value, _given: None
    on_change: str = "in place"
    required: str = "no"
    _: KW_ONLY
    kind: Kind = Kind.TEXT
    allowed: Sequence[str] = ()
    least: int | None = None
    most: int | None = None
    example: str = ""

    @property
    def is_flag(self) -> bool:
        """Whether the property's values are ``true`` and ``false``."""
        return self.kind is Kind.FLAG


_TARGET: Final = "arn:aws:connect:us-east-1:111122223333:instance/11111111-2222-3333-4444-555555555555"

_SERVICE_TOKEN: Final = Property(
    "ServiceToken",
    "The provider's service token.",
    required="yes",
    on_change="must not change",
    example="arn:aws:lambda:us-east-1:111122223333:function:provider",
)
_SERVICE_TIMEOUT: Final = Property(
    "ServiceTimeout",
    "How long CloudFormation waits, in seconds: 3600 by default, which is the maximum. Set at least 60.",
    # CloudFormation has checked it before: only its own limits hold.
    kind=Kind.SECONDS,
    least=1,
    most=rules.MAX_TIMEOUT_SECONDS,
    example="3600",
)
_TAGS: Final = Property(
    "Tags",
    "List of `Key` and `Value`, at most 46. Keys that begin with `aws:` or `cdk-connect-phone-number:` are refused.",
    kind=Kind.TAGS,
    most=rules.MAX_TAGS - len(contract.OWNERSHIP_TAGS),
)
_PHONE_NUMBERS: Final = Property(
    "PhoneNumbers",
    "List of numbers that the account holds and that the pool is to have: with `MinParked`, 40 at most. They are "
    "never released.",
    kind=Kind.NUMBERS,
    most=rules.MAX_FILLED,
)

PROPERTIES: Final = (
    Property(
        "TargetArn",
        "ARN of an Amazon Connect instance or traffic distribution group of the stack's Region. An import needs an "
        "instance.",
        lambda value, given: (
            rules.check_target_arn(value, given.region)
            or (rules.check_import_target(value) if given.is_import else None)
        ),
        "in place: the number moves, and its flow is associated again",
        "yes",
        example=_TARGET,
    ),
    Property(
        "CountryCode",
        "ISO 3166-1 alpha-2 code, for example `US`. Required unless `Adopt` or `SourcePhoneNumberArn` is set.",
        lambda value, _: rules.check_country_code(value),
        "replaces",
        "for a search",
        example="US",
    ),
    Property(
        "Type",
        "`DID` (default), `TOLL_FREE`, `UIFN`, `SHARED`, `SHORT_CODE`, `THIRD_PARTY_DID`, `THIRD_PARTY_TF`.",
        lambda value, _: rules.check_type(value),
        "replaces",
        allowed=rules.PHONE_NUMBER_TYPES,
        example="DID",
    ),
    Property(
        "Prefix",
        "`+`, the country's calling code, and more digits: at most 11. Cannot be combined with `PhoneNumber`.",
        lambda value, given: rules.check_prefix(value, given.known.get("CountryCode")),
        "replaces, unless the number already has the prefix",
        example="+1206",
    ),
    Property(
        "PhoneNumber",
        "The exact number to take, in E.164 form.",
        lambda value, given: rules.check_phone_number(value, given.known.get("CountryCode")),
        "replaces",
        example="+12065550100",
    ),
    Property(
        "Adopt",
        "`true`: adopt `PhoneNumber`, which the account already holds. Default `false`. "
        "[Keep an adopted number](#keep-the-number), or it is released with the resource.",
        kind=Kind.FLAG,
    ),
    Property(
        "SourcePhoneNumberArn",
        "ARN of a number from AWS End User Messaging to import. Cannot be combined with any of the five properties "
        "above.",
        lambda value, given: rules.check_source_phone_number_arn(value, given.region),
        "replaces",
        example="arn:aws:sms-voice:us-east-1:111122223333:phone-number/phone-1",
    ),
    Property(
        "Description",
        "At most 500 characters.",
        lambda value, _: rules.check_description(value),
        most=rules.MAX_DESCRIPTION_LENGTH,
        example="Support line",
    ),
    Property(
        "ContactFlowArn",
        "ARN of the flow that takes the calls.",
        lambda value, given: rules.check_contact_flow_arn(value, given.region, given.known.get("TargetArn")),
        example=f"{_TARGET}/contact-flow/99999999-8888-7777-6666-555555555555",
    ),
    Property(
        "ReleaseProtection",
        "`true`: refuse to release or replace the number. Default `false`.",
        kind=Kind.FLAG,
    ),
    Property(
        "ReleaseDelay",
        "For how many seconds a deleted number is "
        "[parked](scarcity.md#the-way-back-a-release-that-is-delayed) before it is released, from 0 (default) to "
        "31536000.",
        lambda value, _: rules.check_release_delay(value),
        kind=Kind.SECONDS,
        least=0,
        most=rules.MAX_RELEASE_DELAY_SECONDS,
        example="604800",
    ),
    Property(
        "Pool",
        "`Ref` of a [pool](#pools) from which the number is taken, and in which it is parked. Needs `ReleaseDelay`.",
        lambda value, given: rules.check_pool(value, given.value("ReleaseDelay")),
        kind=Kind.POOL,
        example="pool-11111111-2222-3333-4444-555555555555",
    ),
    Property(
        "ParkingTargetArn",
        "ARN of the target to which the number is moved when it is parked in its `Pool`.",
        lambda value, given: rules.check_target_arn(value, given.region) or rules.check_parking("Pool" in given.names),
        example=_TARGET,
    ),
    Property(
        "AllowReplacement",
        "`true`: carry out a change that replaces the number. Without it such a change fails. Default `false`.",
        kind=Kind.FLAG,
    ),
)
"""All properties with a single value. ``Tags`` is not included, because it is a list."""

SPECIFICATION_PROPERTIES: Final = ("CountryCode", "Type", "Prefix", "PhoneNumber", "Adopt", "SourcePhoneNumberArn")
"""The properties that say which number is wanted. A change of one may replace the number."""

POOL_PROPERTIES: Final = (
    Property(
        "MaxParked",
        "How many numbers may be parked, from 1 to 100.",
        lambda value, _: rules.check_max_parked(value),
        kind=Kind.COUNT,
        required="yes",
        least=1,
        most=rules.MAX_PARKED,
        example="5",
    ),
    Property(
        "ReleaseAfter",
        "For how many seconds a number is parked, from 1 to 31536000.",
        lambda value, _: rules.check_release_after(value),
        kind=Kind.SECONDS,
        required="yes",
        least=1,
        most=rules.MAX_RELEASE_DELAY_SECONDS,
        example="2592000",
    ),
    Property(
        "RetainParked",
        "`true`: what is parked stays in the account when the pool is deleted. Default `false`.",
        kind=Kind.FLAG,
    ),
    Property(
        "MinParked",
        "How many numbers are claimed [in advance](scarcity.md#numbers-that-the-pool-gets-itself) and stay parked, "
        "from 0 (default) to 40.",
        lambda value, given: rules.check_min_parked(value, given.known.get("MaxParked")),
        kind=Kind.COUNT,
        least=0,
        most=rules.MAX_FILLED,
        example="3",
    ),
    Property(
        "CountryCode",
        "Country of the numbers that are claimed for `MinParked`, for example `US`.",
        lambda value, _: rules.check_country_code(value),
        "in place",
        "with `MinParked`",
        example="US",
    ),
    Property(
        "Type",
        "Type of these numbers. Default `DID`.",
        lambda value, _: rules.check_type(value),
        allowed=rules.PHONE_NUMBER_TYPES,
        example="DID",
    ),
    Property(
        "Prefix",
        "What these numbers begin with.",
        lambda value, given: rules.check_prefix(value, given.known.get("CountryCode")),
        example="+1206",
    ),
    Property(
        "ParkingTargetArn",
        "ARN of the target for the numbers of `MinParked` and `PhoneNumbers`.",
        lambda value, given: rules.check_target_arn(value, given.region),
        "in place",
        "with `MinParked` or `PhoneNumbers`",
        example=_TARGET,
    ),
)
"""All properties of a pool with a single value. ``PhoneNumbers`` is not included, because it is a list."""

RESOURCE_TYPES: Final[Mapping[str, Sequence[Property]]] = {
    contract.RESOURCE_TYPE: (_SERVICE_TOKEN, _SERVICE_TIMEOUT, *PROPERTIES, _TAGS),
    contract.POOL_RESOURCE_TYPE: (_SERVICE_TOKEN, _SERVICE_TIMEOUT, *POOL_PROPERTIES, _PHONE_NUMBERS),
}
"""All properties of each resource type that a template may have."""


@dataclass(frozen=True)
class DesiredNumber:
    """What the template asks for."""

    specification: Specification
    settings: Settings
    release_protection: bool
    allow_replacement: bool


def combination_problem(given: Given) -> str | None:
    """Return a sentence about properties that cannot be combined, or ``None``."""
    return rules.check_combination(
        country_code="CountryCode" in given.names,
        type="Type" in given.names,
        prefix="Prefix" in given.names,
        phone_number="PhoneNumber" in given.names,
        adopt=given.adopt,
        source_phone_number_arn=given.is_import,
    )


def pool_combination_problem(given: Given) -> str | None:
    """Return a sentence about a pool's properties that cannot be combined, or ``None``."""
    return rules.check_filling(
        country_code="CountryCode" in given.names,
        type="Type" in given.names,
        prefix="Prefix" in given.names,
        target="ParkingTargetArn" in given.names,
        min_parked=given.value("MinParked") not in ("", "0"),
        phone_numbers="PhoneNumbers" in given.names,
    )


def value_problem(given: Given, properties: Sequence[Property] = PROPERTIES) -> tuple[str, str] | None:
    """Return the first property whose value cannot be used and what is wrong with it, or ``None``."""
    for each in properties:
        value = given.known.get(each.name)
        problem = None if value is None else each.check(value, given)
        if problem:
            return each.name, problem
    return None


def default_type(given: Given) -> str:
    """Return the number type to use if the template names none.

    A search needs a type. An adopted or imported number already has one.
    """
    return "" if given.adopt or given.is_import else rules.DEFAULT_TYPE


def parse_properties(properties: Mapping[str, object], region: str, target_arns: Sequence[str] = ()) -> DesiredNumber:
    """Return what the template asks for.

    Parameters
    ----------
    target_arns
        The instances and traffic distribution groups that the provider serves. Default: all.

    Raises
    ------
    InvalidProperty
        A property cannot be used. The first one is reported.
    """
    _refuse_unknown(properties, contract.RESOURCE_TYPE)
    text = {each.name: _text(properties, each.name) for each in sorted(PROPERTIES, key=lambda each: each.name)}
    flags = {each.name: _flag(each.name, text[each.name]) for each in PROPERTIES if each.is_flag}
    given = Given(
        known={name: value for name, value in text.items() if value},
        names=frozenset(name for name, value in text.items() if value),
        region=region,
        adopt=flags["Adopt"],
    )
    if not text["TargetArn"]:
        raise InvalidProperty(
            "TargetArn is missing. Give the ARN of the instance or traffic distribution group that the number is for."
        )
    if sentence := combination_problem(given):
        raise InvalidProperty(sentence)
    if found := value_problem(given):
        raise InvalidProperty(" ".join(found))
    _ensure_served(text, ("TargetArn", "ParkingTargetArn"), target_arns)
    tags = _tags(properties.get("Tags"))
    if problem := rules.check_tags(tags):
        raise InvalidProperty(f"Tags {problem}")
    return DesiredNumber(
        specification=Specification(
            country_code=text["CountryCode"],
            type=text["Type"] or default_type(given),
            prefix=text["Prefix"],
            phone_number=text["PhoneNumber"],
            source_phone_number_arn=text["SourcePhoneNumberArn"],
            adopt=given.adopt,
        ),
        settings=Settings(
            target_arn=text["TargetArn"],
            description=text["Description"],
            tags=tags,
            contact_flow_arn=text["ContactFlowArn"],
            release_delay=int(text["ReleaseDelay"] or 0),
            pool=text["Pool"],
            parking_target_arn=text["ParkingTargetArn"],
        ),
        release_protection=flags["ReleaseProtection"],
        allow_replacement=flags["AllowReplacement"],
    )


@dataclass(frozen=True)
class PoolProperties:
    """What the template asks for in a pool.

    Parameters
    ----------
    max_parked
        How many numbers may be parked in it.
    release_after
        For how many seconds a number is parked in it.
    retains_parked
        Whether the parked numbers stay in the account when the pool is deleted.
    min_parked
        How many numbers are parked in it from the deployment on, and stay parked.
    specification
        Which numbers are claimed for that.
    parking_target_arn
        The target for which they are claimed.
    phone_numbers
        The numbers of the account that it is to have.
    """

    max_parked: int
    release_after: int
    retains_parked: bool
    min_parked: int
    specification: Specification
    parking_target_arn: str
    phone_numbers: tuple[str, ...]


def parse_pool(properties: Mapping[str, object], region: str, target_arns: Sequence[str] = ()) -> PoolProperties:
    """Return what the template asks for in a ``Custom::ConnectPhoneNumberPool``.

    Parameters
    ----------
    target_arns
        The instances and traffic distribution groups that the provider serves. Default: all.

    Raises
    ------
    InvalidProperty
        A property cannot be used. The first one is reported.
    """
    _refuse_unknown(properties, contract.POOL_RESOURCE_TYPE)
    text = {each.name: _text(properties, each.name) for each in POOL_PROPERTIES}
    retains_parked = _flag("RetainParked", text["RetainParked"])
    phone_numbers = _phone_numbers(properties.get("PhoneNumbers"))
    given = Given(
        # Of these two, an empty value is as wrong as any other.
        known={name: value for name, value in text.items() if value or name in ("MaxParked", "ReleaseAfter")},
        names=frozenset(name for name, value in {**text, "PhoneNumbers": phone_numbers}.items() if value),
        region=region,
        adopt=False,
    )
    if found := value_problem(given, POOL_PROPERTIES):
        raise InvalidProperty(" ".join(found))
    if problem := rules.check_listed_numbers(phone_numbers):
        raise InvalidProperty(f"PhoneNumbers {problem}")
    if sentence := pool_combination_problem(given) or rules.check_filled(text["MinParked"], phone_numbers):
        raise InvalidProperty(sentence)
    _ensure_served(text, ("ParkingTargetArn",), target_arns)
    min_parked = int(text["MinParked"] or 0)
    return PoolProperties(
        max_parked=int(text["MaxParked"]),
        release_after=int(text["ReleaseAfter"]),
        retains_parked=retains_parked,
        min_parked=min_parked,
        specification=Specification(
            country_code=text["CountryCode"],
            type=(text["Type"] or rules.DEFAULT_TYPE) if min_parked else "",
            prefix=text["Prefix"],
        ),
        parking_target_arn=text["ParkingTargetArn"],
        phone_numbers=phone_numbers,
    )


def wants_release_protection(properties: Mapping[str, object]) -> bool:
    """Return whether the properties, which were parsed before, ask for release protection."""
    return _flag("ReleaseProtection", _text(properties, "ReleaseProtection"))


def timeout_seconds(properties: Mapping[str, object]) -> int:
    """Return how long CloudFormation waits for a response, or its own default if the template does not say."""
    value = str(properties.get("ServiceTimeout", ""))
    return (
        min(int(value), rules.MAX_TIMEOUT_SECONDS) if value.isascii() and value.isdigit() else rules.MAX_TIMEOUT_SECONDS
    )


def _refuse_unknown(properties: Mapping[str, object], resource_type: str) -> None:
    names = sorted(each.name for each in RESOURCE_TYPES[resource_type])
    unknown = sorted(set(properties).difference(names))
    if unknown:
        raise InvalidProperty(
            f"{unknown[0]} is not a property of {resource_type}. Remove it; the properties are {', '.join(names)}."
        )


def _ensure_served(text: Mapping[str, str], names: Sequence[str], target_arns: Sequence[str]) -> None:
    for name in names:
        if target_arns and text[name] and text[name] not in target_arns:
            raise InvalidProperty(
                f"{name} {text[name]} is not among the targets that this provider serves: "
                f"{', '.join(target_arns)}. Use one of these, or add the target to the provider's target_arns."
            )


def _phone_numbers(value: object) -> tuple[str, ...]:
    if value in (None, ""):
        return ()
    listed = as_list(value)
    if listed is None or not all(isinstance(number, str) for number in listed):
        raise InvalidProperty(
            f"PhoneNumbers must be a list of numbers, but is {json.dumps(value, default=str)[:80]}. "
            'Write ["+12065550100"].'
        )
    return tuple(listed)


def _text(properties: Mapping[str, object], name: str) -> str:
    value = properties.get(name, "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise InvalidProperty(f"{name} must be a string, but is {json.dumps(value, default=str)[:80]}. Give one value.")
    return value


def _flag(name: str, value: str) -> bool:
    if value in ("", "true", "false"):
        return value == "true"
    raise InvalidProperty(f"{name} must be true or false, but is {value!r}.")


def _tags(value: object) -> dict[str, str]:
    if value in (None, ""):
        return {}
    shape = InvalidProperty(
        f"Tags must be a list of Key and Value, but is {json.dumps(value, default=str)[:80]}. "
        'Write [{"Key": "team", "Value": "support"}].'
    )
    listed = as_list(value)
    if listed is None:
        raise shape
    tags: dict[str, str] = {}
    for each in listed:
        tag = as_mapping(each) or {}
        if set(tag) != {"Key", "Value"} or not all(isinstance(text, str) for text in tag.values()):
            raise shape
        if tag["Key"] in tags:
            raise InvalidProperty(f"Tags have the key {tag['Key']!r} twice. Remove one of them.")
        tags[tag["Key"]] = tag["Value"]
    return tags
