"""Which properties change, and what a plan takes for those that only the deployment makes known."""

from typing import Final

from ..claim import Claim
from ..ledger.items import PoolEntry
from .rehearsal import Rehearsal
from .template import Declared
from .values import is_dynamic, is_unknown, without_dependencies

SPECIFICATION: Final = ("CountryCode", "Type", "Prefix", "PhoneNumber", "Adopt", "SourcePhoneNumberArn")
"""The properties of a number that say which number it is."""
LIMITS: Final = ("MaxParked", "MinParked", "ReleaseAfter", "RetainParked", "PhoneNumbers")
"""The properties of a pool that say which parked numbers are released."""
_DECISIVE: Final = (*SPECIFICATION, *LIMITS, "AllowReplacement", "ReleaseProtection", "ReleaseDelay", "Pool")
"""The properties that decide whether a number is lost, now or later."""
_ON: Final = "true"
_UNKNOWN_INSTANCE: Final = "00000000-0000-0000-0000-000000000000"
_UNKNOWN_COUNTRY: Final = "US"


def properties_differ(before: Declared, after: Declared) -> bool:
    """Return whether CloudFormation may find that a resource has changed."""
    return any(_differs(before, after, name) for name in {*before.properties, *after.properties})


def known_properties(
    declared: Declared, before: Declared | None, physical_id: str, rehearsal: Rehearsal
) -> tuple[dict[str, object], frozenset[str]]:
    """Return the properties with values for all, and the names of those whose new values are not known.

    A value that is not known but has not changed is the one that the number or the pool has. Others are stood in for.

    Parameters
    ----------
    before
        The resource as it is deployed, or ``None`` if it is new.
    physical_id
        Its physical id. Empty if it has none.
    """
    claim, pool = rehearsal.claim_of(physical_id), rehearsal.pool(physical_id)
    present = _of_number(claim) if claim is not None else _of_pool(pool) if pool is not None else {}
    known: dict[str, object] = {}
    unknown: set[str] = set()
    for name, value in declared.properties.items():
        if not is_unknown(value):
            known[name] = value
            continue
        if before is None or _differs(before, declared, name) or (before is not declared and is_dynamic(value)):
            unknown.add(name)
        found = present[name] if name in present else _stand_in(name, rehearsal)
        known |= {name: found} if found else {}
    return known, frozenset(unknown)


def _differs(before: Declared, after: Declared, name: str) -> bool:
    old, new = before.properties.get(name), after.properties.get(name)
    if name in _DECISIVE:
        return old != new
    # Here the worst is a change that turns out to be none.
    return without_dependencies(old) != without_dependencies(new)


def _of_number(claim: Claim) -> dict[str, object]:
    """Return the values of properties as a number has them."""
    specification, settings = claim.specification, claim.desired
    return {
        "TargetArn": settings.target_arn,
        "Description": settings.description,
        "ContactFlowArn": settings.contact_flow_arn,
        "Tags": [{"Key": key, "Value": value} for key, value in settings.tags.items()],
        "ReleaseProtection": _ON if claim.protected else "",
        "ReleaseDelay": str(settings.release_delay or ""),
        "Pool": settings.pool,
        "ParkingTargetArn": settings.parking_target_arn,
        "CountryCode": specification.country_code,
        "Type": specification.type,
        "Prefix": specification.prefix,
        "PhoneNumber": specification.phone_number,
        "SourcePhoneNumberArn": specification.source_phone_number_arn,
        "Adopt": _ON if specification.adopt else "",
        # Nothing records it. To allow a replacement is the worst.
        "AllowReplacement": _ON,
    }


def _of_pool(pool: PoolEntry) -> dict[str, object]:
    """Return the values of properties as a pool has them."""
    return {
        "MaxParked": str(pool.max_parked),
        "MinParked": str(pool.min_parked),
        "RetainParked": _ON if pool.retains_parked else "",
        "PhoneNumbers": [*pool.phone_numbers],
    }


def _stand_in(name: str, rehearsal: Rehearsal) -> str:
    """Return a value for a property that is required and not known."""
    match name:
        case "TargetArn" | "ParkingTargetArn" if rehearsal.configuration.target_arns:
            return rehearsal.configuration.target_arns[0]
        case "TargetArn" | "ParkingTargetArn":
            place = f"{rehearsal.partition}:connect:{rehearsal.region}:{rehearsal.account}"
            return f"arn:{place}:instance/{_UNKNOWN_INSTANCE}"
        case "CountryCode":
            return _UNKNOWN_COUNTRY
        case "MaxParked" | "ReleaseAfter":
            return "1"
        case _:
            return ""
