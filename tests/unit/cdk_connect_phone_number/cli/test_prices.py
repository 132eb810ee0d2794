from decimal import Decimal

import pytest

from cdk_connect_phone_number.cli.prices import usd_per_day, usd_per_month


@pytest.mark.parametrize(
    ("type", "day", "month"),
    [("DID", Decimal("0.03"), Decimal("0.91")), ("TOLL_FREE", Decimal("0.06"), Decimal("1.83"))],
)
def test_price_of_an_average_month(type: str, day: Decimal, month: Decimal) -> None:
    assert (usd_per_day("us-east-1", "US", type), usd_per_month("us-east-1", "US", type)) == (day, month)


@pytest.mark.parametrize(
    ("region", "country", "type"), [("eu-west-1", "US", "DID"), ("us-east-1", "DE", "DID"), ("us-east-1", "US", "UIFN")]
)
def test_price_that_is_not_certain_is_not_known(region: str, country: str, type: str) -> None:
    assert usd_per_day(region, country, type) is usd_per_month(region, country, type) is None
