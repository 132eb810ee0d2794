"""The number is looked for while the deployment goes on, and nothing that comes of that breaks it."""

import threading

import pytest

from acceptance.sightings import Sightings, Watch

from .numbers import ARN, TARGET, Clock, FakeClient, Response, asker_of, error

LISTED: Response = {"ListPhoneNumbersSummaryList": [{"PhoneNumberArn": "known"}, {"PhoneNumberArn": ARN, "Mine": 1}]}


def sightings_of(clock: Clock, **responses: list[Response]) -> tuple[Sightings, FakeClient]:
    client = FakeClient(**responses)
    return Sightings(asker_of(clock, connect=client), frozenset({"known"}), TARGET), client


def test_first_response_that_shows_the_number_counts_and_has_nothing_else() -> None:
    clock = Clock()
    sightings, client = sightings_of(clock, list_phone_numbers_v2=[LISTED], describe_phone_number=[{"A": 1}, {"A": 2}])
    sightings.look()
    clock.sleep(5)
    sightings.look()
    listed, described = sightings.listed(ARN), sightings.described(ARN)
    assert listed is not None
    assert described is not None
    assert (listed.at, described.at) == (clock.time - 5, clock.time - 5)
    assert listed.response == {"ListPhoneNumbersSummaryList": [{"PhoneNumberArn": ARN, "Mine": 1}]}
    assert described.response == {"A": 1}
    assert client.calls[0] == ("list_phone_numbers_v2", {"TargetArn": TARGET})
    assert [method for method, _ in client.calls].count("describe_phone_number") == 1


def test_number_that_was_there_before_does_not_count() -> None:
    sightings, _ = sightings_of(Clock(), list_phone_numbers_v2=[LISTED])
    sightings.look()
    assert sightings.listed("known") is None


def test_errors_are_no_sightings() -> None:
    sightings, _ = sightings_of(Clock(), list_phone_numbers_v2=[error("ThrottlingException"), LISTED])
    sightings.look()
    assert sightings.listed(ARN) is None
    sightings.look()
    assert sightings.listed(ARN) is not None
    assert sightings.described(ARN) is None


def test_it_is_looked_until_the_deployment_is_over_whatever_comes_of_it() -> None:
    looks: list[int] = []
    has_looked_twice = threading.Event()

    def look() -> None:
        looks.append(1)
        if len(looks) == 2:
            has_looked_twice.set()
        raise RuntimeError("no response")

    with Watch(look, wait=lambda end: end.is_set()):
        assert has_looked_twice.wait(10)
    count = len(looks)
    assert count >= 2
    assert len(looks) == count


def test_trouble_of_the_deployment_passes_through() -> None:
    with pytest.raises(KeyboardInterrupt), Watch(lambda: None, wait=lambda end: end.is_set()):
        raise KeyboardInterrupt
