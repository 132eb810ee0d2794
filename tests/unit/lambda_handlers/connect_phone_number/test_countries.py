from functools import cache
from typing import Any

import boto3
import phonenumbers

from lambda_handlers.connect_phone_number.countries import CALLING_CODES

_WITHOUT_METADATA = {"AN": "599", "AQ": "672", "PN": "64"}
"""No country any more, or no numbering plan of its own, so that ``phonenumbers`` knows nothing of them."""


@cache
def _model() -> Any:
    client = boto3.client("connect", region_name="eu-west-1")
    return client.meta.service_model


def test_the_countries_are_those_of_the_service_model() -> None:
    assert set(CALLING_CODES) == set(_model().shape_for("PhoneNumberCountryCode").enum)


def test_the_calling_codes_are_those_of_the_numbering_plan() -> None:
    plan: dict[str, int] = {country: phonenumbers.country_code_for_region(country) for country in CALLING_CODES}
    known = {country: str(code) for country, code in plan.items() if code}
    assert known == {country: CALLING_CODES[country] for country in known}
    assert {country: CALLING_CODES[country] for country in CALLING_CODES if country not in known} == _WITHOUT_METADATA
