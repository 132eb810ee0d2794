"""The properties of a ``Custom::ConnectPhoneNumber``: which ones exist, and what each must look like.

``PROPERTIES`` is the one table of them. The construct runs its checks at synth, as far as the values are known then.
The function runs them at each deployment. To add a property:

1. Add its row here, with its check from ``rules``, and read it in ``parse_properties``.
2. Add the field of ``Specification`` or ``Settings`` (``claim.py``) that it is parsed into.
3. Add it to ``NumberProperties`` and to the parameters of ``PhoneNumber`` (``cdk_connect_phone_number``).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from . import rules
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


@dataclass(frozen=True)
class Property:
    """A property of the resource.

    Parameters
    ----------
    check
        Returns what is wrong with a value, like the checks of ``rules``.
    is_flag
        Whether the property's values are ``true`` and ``false``.
    """

    name: str
    check: Callable[[str, Given], str | None] = lambda _value, _given: None
    is_flag: bool = False


PROPERTIES: Final = (
    Property(
        "TargetArn",
        lambda value, given: (
            rules.check_target_arn(value, given.region)
            or (rules.check_import_target(value) if given.is_import else None)
        ),
    ),
    Property("CountryCode", lambda value, _: rules.check_country_code(value)),
    Property("Type", lambda value, _: rules.check_type(value)),
    Property("Prefix", lambda value, given: rules.check_prefix(value, given.known.get("CountryCode"))),
    Property("PhoneNumber", lambda value, given: rules.check_phone_number(value, given.known.get("CountryCode"))),
    Property("Adopt", is_flag=True),
    Property("SourcePhoneNumberArn", lambda value, given: rules.check_source_phone_number_arn(value, given.region)),
    Property("Description", lambda value, _: rules.check_description(value)),
    Property(
        "ContactFlowArn",
        lambda value, given: rules.check_contact_flow_arn(value, given.region, given.known.get("TargetArn")),
    ),
    Property("ReleaseProtection", is_flag=True),
    Property("ReleaseDelay", lambda value, _: rules.check_release_delay(value)),
    Property("Pool", lambda value, given: rules.check_pool(value, given.value("ReleaseDelay"))),
    Property(
        "ParkingTargetArn",
        lambda value, given: rules.check_target_arn(value, given.region) or rules.check_parking("Pool" in given.names),
    ),
    Property("AllowReplacement", is_flag=True),
)
"""All properties with a single value. ``Tags`` is not included, because it is a list."""

_NAMES: Final = sorted({"ServiceToken", "ServiceTimeout", "Tags", *(each.name for each in PROPERTIES)})

POOL_PROPERTIES: Final = (
    Property("MaxParked", lambda value, _: rules.check_max_parked(value)),
    Property("ReleaseAfter", lambda value, _: rules.check_release_after(value)),
    Property("RetainParked", is_flag=True),
    Property("MinParked", lambda value, given: rules.check_min_parked(value, given.known.get("MaxParked"))),
    Property("CountryCode", lambda value, _: rules.check_country_code(value)),
    Property("Type", lambda value, _: rules.check_type(value)),
    Property("Prefix", lambda value, given: rules.check_prefix(value, given.known.get("CountryCode"))),
    Property("ParkingTargetArn", lambda value, given: rules.check_target_arn(value, given.region)),
)
"""All properties of a pool with a single value. ``PhoneNumbers`` is not included, because it is a list."""

_POOL_NAMES: Final = sorted(
    {"PhoneNumbers", "ServiceTimeout", "ServiceToken", *(each.name for each in POOL_PROPERTIES)}
)


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
    unknown = sorted(set(properties).difference(_NAMES))
    if unknown:
        raise InvalidProperty(
            f"{unknown[0]} is not a property of Custom::ConnectPhoneNumber. Remove it; the properties are "
            f"{', '.join(_NAMES)}."
        )
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
    unknown = sorted(set(properties).difference(_POOL_NAMES))
    if unknown:
        raise InvalidProperty(
            f"{unknown[0]} is not a property of Custom::ConnectPhoneNumberPool. Remove it; the properties are "
            f"{', '.join(_POOL_NAMES)}."
        )
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
