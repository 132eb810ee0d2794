"""The pace: as fast as Connect allows, and not faster."""

import pytest

from cdk_connect_phone_number.cli.pacing import BURST, RATE, Pacer
from local_aws.connect_emulator import Settings


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pacer(clock: Clock) -> Pacer:
    return Pacer(clock, clock.sleep)


def test_the_pace_is_that_of_the_emulator_which_is_the_documented_one() -> None:
    assert (Settings().throttle_rate, Settings().throttle_burst) == (RATE, BURST)


def test_a_burst_is_not_delayed(pacer: Pacer, clock: Clock) -> None:
    for _ in range(BURST):
        pacer.wait("ListPhoneNumbersV2")
    assert clock.slept == []


def test_after_the_burst_two_requests_pass_in_a_second(pacer: Pacer, clock: Clock) -> None:
    for _ in range(BURST + 10):
        pacer.wait("ListPhoneNumbersV2")
    assert sum(clock.slept) == pytest.approx(10 / RATE, rel=0.01)
    assert sum(clock.slept) >= 10 / RATE


def test_operations_do_not_delay_each_other(pacer: Pacer, clock: Clock) -> None:
    for _ in range(BURST):
        pacer.wait("ListPhoneNumbersV2")
        pacer.wait("DescribePhoneNumber")
    assert clock.slept == []


def test_what_was_not_used_is_not_saved_up(pacer: Pacer, clock: Clock) -> None:
    pacer.wait("ListPhoneNumbersV2")
    clock.now += 3600
    for _ in range(BURST + 2):
        pacer.wait("ListPhoneNumbersV2")
    assert sum(clock.slept) >= 2 / RATE


def test_pauses_after_throttling_grow_to_a_limit(pacer: Pacer, clock: Clock) -> None:
    for retry in range(8):
        pacer.back_off("ListPhoneNumbersV2", retry)
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0]


def test_after_throttling_there_is_no_burst(pacer: Pacer, clock: Clock) -> None:
    pacer.back_off("ListPhoneNumbersV2", 0)
    pacer.wait("ListPhoneNumbersV2")
    pacer.wait("ListPhoneNumbersV2")
    assert len(clock.slept) == 2
