import pytest

from lambda_handlers.connect_phone_number.timing import INVOCATION_MARGIN_SECONDS, NotFinished, TimedOut, Timing


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.75
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def _timing(clock: _Clock, invocation: float = 900.0, request: float | None = None, jitter: float = 1.0) -> Timing:
    return Timing(
        clock=clock,
        pause=clock.pause,
        invocation_deadline=clock.now + invocation,
        jitter=lambda: jitter,
        request_deadline=None if request is None else clock.now + request,
    )


def test_now_is_in_whole_seconds() -> None:
    assert _timing(_Clock()).now() == 1000


def test_sleep_waits() -> None:
    clock = _Clock()
    _timing(clock).sleep(5.0)
    assert clock.pauses == [5.0]


def test_sleep_ends_the_invocation_before_lambda_does() -> None:
    clock = _Clock()
    timing = _timing(clock, invocation=INVOCATION_MARGIN_SECONDS + 10)
    timing.sleep(9.0)
    with pytest.raises(NotFinished, match="why"):
        timing.sleep(1.0, "why")
    with pytest.raises(NotFinished, match="out of time"):
        timing.sleep(1.0)
    assert clock.pauses == [9.0]


def test_sleep_answers_before_cloudformation_stops_listening() -> None:
    clock = _Clock()
    timing = _timing(clock, request=10)
    timing.sleep(9.0)
    with pytest.raises(TimedOut, match=r"^why$"):
        timing.sleep(1.0, "why")
    assert clock.pauses == [9.0]


def test_the_requests_limit_counts_first() -> None:
    # An invocation that gives up instead would be the last thing that the request gets.
    with pytest.raises(TimedOut):
        _timing(_Clock(), invocation=5, request=5).sleep(60.0)


def test_backoff_doubles_up_to_a_limit() -> None:
    clock = _Clock()
    timing = _timing(clock)
    for invocation in (0, 1, 2, 3, 4, 5, 5000):
        timing.backoff(invocation, "")
    assert clock.pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


def test_backoff_can_have_another_limit() -> None:
    clock = _Clock()
    _timing(clock).backoff(9, "", longest=5.0)
    assert clock.pauses == [5.0]


def test_jitter_takes_up_to_half_of_a_pause() -> None:
    clock = _Clock()
    _timing(clock, jitter=0.0).backoff(3, "")
    assert clock.pauses == [4.0]


def test_remaining_leaves_time_to_write_down_and_answer() -> None:
    clock = _Clock()
    timing = _timing(clock, invocation=100.0)
    assert timing.remaining() == 100 - INVOCATION_MARGIN_SECONDS
    timing.sleep(30.0)
    assert timing.remaining() == 70 - INVOCATION_MARGIN_SECONDS


def test_limited_gives_a_part_of_the_invocations_time() -> None:
    clock = _Clock()
    timing = _timing(clock)
    with timing.limited(60):
        assert timing.remaining() == 60
        timing.sleep(59.0)
        with pytest.raises(NotFinished):
            timing.sleep(1.0)
    timing.sleep(600.0)
    assert clock.pauses == [59.0, 600.0]


def test_the_limit_ends_also_with_an_exception() -> None:
    timing = _timing(_Clock())
    with pytest.raises(NotFinished), timing.limited(60):
        timing.sleep(60.0)
    timing.sleep(600.0)


def test_limited_gives_no_more_than_there_is() -> None:
    clock = _Clock()
    timing = _timing(clock, invocation=50.0)
    with timing.limited(60):
        assert timing.remaining() == 50 - INVOCATION_MARGIN_SECONDS
