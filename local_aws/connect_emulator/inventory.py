"""The numbers that exist in the emulated world, in the order in which a search returns them.

The order is fixed, because all callers who search Amazon Connect for the same kind of number get the same first page.
If a country's regulator reserves ranges of numbers for fiction, the numbers come from these, so that no test ever names
a subscriber's number.
"""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Final

_US_AREAS: Final = (206, 212, 312, 415, 512, 617, 702, 805, 919, 971)
_CA_AREAS: Final = (204, 416, 514, 604, 780, 902)
_TOLL_FREE_AREAS: Final = (800, 833, 844, 855, 866, 877, 888)

_Block = tuple[str, int]
"""The first number of a block, without ``+``, and the count of its numbers."""

_CALLING_CODES: Final[Mapping[str, str]] = {
    "AT": "43",
    "AU": "61",
    "BE": "32",
    "BR": "55",
    "CA": "1",
    "CH": "41",
    "DE": "49",
    "DK": "45",
    "ES": "34",
    "FR": "33",
    "GB": "44",
    "IE": "353",
    "IT": "39",
    "JP": "81",
    "MX": "52",
    "NL": "31",
    "NO": "47",
    "NZ": "64",
    "PL": "48",
    "SE": "46",
    "SG": "65",
    "US": "1",
    "ZA": "27",
}

_BLOCKS: Final[Mapping[tuple[str, str], tuple[_Block, ...]]] = {
    ("US", "DID"): tuple((f"1{area}5550100", 100) for area in _US_AREAS),
    ("US", "TOLL_FREE"): tuple((f"1{area}5550100", 50) for area in _TOLL_FREE_AREAS),
    ("CA", "DID"): tuple((f"1{area}5550100", 100) for area in _CA_AREAS),
    ("CA", "TOLL_FREE"): tuple((f"1{area}5550150", 50) for area in _TOLL_FREE_AREAS),
    ("GB", "DID"): (("442079460000", 1000), ("441632960000", 1000)),
    ("GB", "TOLL_FREE"): (("448081570000", 1000),),
    ("DE", "DID"): (("493023125000", 1000), ("498999998000", 1000)),
    ("DE", "TOLL_FREE"): (("498005550000", 1000),),
    ("FR", "DID"): (("33199000000", 1000), ("33465710000", 1000)),
    ("FR", "TOLL_FREE"): (("33805550000", 1000),),
    ("AU", "DID"): (("61255500000", 1000), ("61370100000", 1000)),
    ("AU", "TOLL_FREE"): (("611800975000", 1000),),
    ("JP", "DID"): (("81355500000", 1000),),
    ("JP", "TOLL_FREE"): (("81120555000", 1000),),
    ("BR", "DID"): (("551155500000", 1000),),
    ("BR", "TOLL_FREE"): (("558005550000", 1000),),
    ("AT", "DID"): (("4315550000", 1000),),
    ("BE", "DID"): (("3225550000", 1000),),
    ("CH", "DID"): (("41445550000", 1000),),
    ("DK", "DID"): (("4535550000", 1000),),
    ("ES", "DID"): (("34915550000", 1000),),
    ("IE", "DID"): (("35315550000", 1000),),
    ("IT", "DID"): (("390655500000", 1000),),
    ("MX", "DID"): (("525555500000", 1000),),
    ("NL", "DID"): (("31205550000", 1000),),
    ("NO", "DID"): (("4721555000", 1000),),
    ("NZ", "DID"): (("6495550000", 1000),),
    ("PL", "DID"): (("48225550000", 1000),),
    ("SE", "DID"): (("46313900600", 100), ("46406280400", 100)),
    ("SG", "DID"): (("6565550000", 1000),),
    ("ZA", "DID"): (("27115550000", 1000),),
}


def calling_code(country: str) -> str | None:
    """Return the calling code of a country, or ``None`` if the inventory has no numbers of that country."""
    return _CALLING_CODES.get(country)


@lru_cache(maxsize=1024)
def numbers(country: str, type: str, prefix: str = "+") -> tuple[str, ...]:
    """Return all numbers of a country and type that begin with ``prefix``, in E.164 form and in search order."""
    return tuple(number for number in _all_numbers(country, type) if number.startswith(prefix))


@lru_cache(maxsize=100_000)
def kind_of(number: str) -> tuple[str, str] | None:
    """Return the country and type of a number, or ``None`` if the inventory does not have the number."""
    for country, type in _BLOCKS:
        if number in _positions(country, type):
            return country, type
    return None


def is_offered(number: str, limit: int | None) -> bool:
    """Return whether a number is among the first ``limit`` numbers of its country and type in the inventory."""
    kind = kind_of(number)
    return kind is not None and (limit is None or _positions(*kind)[number] < limit)


@cache
def _positions(country: str, type: str) -> Mapping[str, int]:
    return {number: position for position, number in enumerate(numbers(country, type))}


def _all_numbers(country: str, type: str) -> Iterator[str]:
    for first, count in _BLOCKS.get((country, type), ()):
        for offset in range(count):
            yield f"+{int(first) + offset}"
