"""The numbers that the emulated world has."""

import itertools

from botocore.loaders import Loader

from local_aws.connect_emulator import inventory

SHAPES = Loader().load_service_model("connect", "service-2")["shapes"]
COUNTRIES = SHAPES["PhoneNumberCountryCode"]["enum"]
TYPES = SHAPES["PhoneNumberType"]["enum"]


def test_no_number_is_there_twice_and_each_has_its_countrys_code() -> None:
    seen: set[str] = set()
    for country, type in itertools.product(COUNTRIES, TYPES):
        for number in inventory.numbers(country, type):
            assert number not in seen
            assert number.startswith(f"+{inventory.calling_code(country)}")
            assert len(number) <= 16
            assert inventory.kind_of(number) == (country, type)
            seen.add(number)
    assert len(seen) > 20_000


def test_number_that_nobody_has() -> None:
    assert inventory.kind_of("+10000000000") is None
