"""What a phone number costs, as an estimate.

Amazon Connect bills a claimed number per day. The price depends on the number's country and type and on the instance's
Region. Only prices that are certain are here. Without one, a number has no estimate, and totals say how many have none.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

PRICE_PAGE: Final = "https://aws.amazon.com/connect/pricing/"
"""Where Amazon publishes the prices, and where to look up the others."""
PRICES_AS_OF: Final = "2026-09-15"
"""When the prices below were reported. The price page itself was not read for this table."""
DAYS_OF_MONTH: Final = Decimal(365) / 12
_US_REGIONS: Final = ("us-east-1", "us-west-2")

_USD_PER_DAY: Final[Mapping[tuple[str, str], Decimal]] = {
    ("US", "DID"): Decimal("0.03"),
    ("US", "TOLL_FREE"): Decimal("0.06"),
}
"""By country and type, for instances in ``_US_REGIONS``."""


def usd_per_day(region: str, country_code: str, type: str) -> Decimal | None:
    """Return the price of a number per day in US dollars, or ``None`` if it is not known here."""
    return _USD_PER_DAY.get((country_code, type)) if region in _US_REGIONS else None


def usd_per_month(region: str, country_code: str, type: str) -> Decimal | None:
    """Return the price of a number per month of average length in US dollars, or ``None`` if it is not known here."""
    price = usd_per_day(region, country_code, type)
    return None if price is None else (price * DAYS_OF_MONTH).quantize(Decimal("0.01"), ROUND_HALF_UP)
