import pytest

from lambda_handlers.connect_phone_number.claim import Specification
from lambda_handlers.connect_phone_number.hints.hint import Hints
from lambda_handlers.connect_phone_number.hints.stock import PAGE_SIZE, Stock
from lambda_handlers.connect_phone_number.timing import Timing
from tests.unit.lambda_handlers.connect_phone_number.world import VirtualClock
from verification.simulator.memory_store import MemoryStore

US = Specification(country_code="US", type="DID")
TARGET = "arn:aws:connect:eu-west-1:123456789012:instance/11111111-2222-3333-4444-555555555555"


class Bench:
    """Invocations that share a table, and what they have searched for."""

    def __init__(self, pages: int = 9, last_page: int = PAGE_SIZE) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore(self.clock)
        self.searches: list[str] = []
        self.warnings: list[str] = []
        self._pages = pages
        self._last_page = last_page

    def take(self, specification: Specification = US, target_arn: str = TARGET) -> str | None:
        timing = Timing(self.clock, self.clock.pause, self.clock.now + 900, lambda: 0.5)
        return Stock(Hints(self.store, timing, self.warnings.append)).take(specification, target_arn, self._fetch)

    def _fetch(self, token: str) -> tuple[tuple[str, ...], str]:
        self.searches.append(token)
        page = int(token or 0)
        is_last = page == self._pages - 1
        size = self._last_page if is_last else PAGE_SIZE
        return tuple(f"+1{page}{index}" for index in range(size)), "" if is_last else str(page + 1)


def test_each_gets_another_candidate_and_ten_share_a_search() -> None:
    bench = Bench()

    taken = [bench.take() for _ in range(25)]

    assert None not in taken
    assert len(set(taken)) == 25
    assert bench.searches == ["", "1", "2"]


def test_kinds_and_targets_have_their_own() -> None:
    bench = Bench()

    assert bench.take() == bench.take(Specification(country_code="GB", type="DID")) == bench.take(target_arn="other")
    assert bench.searches == ["", "", ""]


def test_a_page_is_shared_for_a_minute_only() -> None:
    bench = Bench()
    bench.take()
    bench.clock.pause(60)

    assert bench.take() == "+100"
    assert bench.searches == ["", ""]


def test_where_connect_has_no_more_each_searches_by_itself() -> None:
    bench = Bench(pages=1, last_page=2)

    assert [bench.take() for _ in range(11)] == ["+100", "+101", *[None] * 9]
    assert bench.take() is None


def test_a_page_that_nobody_fetches_is_not_waited_for_long() -> None:
    bench = Bench()
    bench.take()
    for item in bench.store.dump():
        if item["sk"].startswith("PAGE#"):
            bench.store.remove((item["pk"], item["sk"]))
    before = bench.clock.now

    assert bench.take() is None
    assert 0 < bench.clock.now - before <= 10


@pytest.mark.parametrize("attribute", ["candidates", "next_token"])
def test_a_spoiled_page_ends_the_hints_of_this_invocation(attribute: str) -> None:
    bench = Bench()
    bench.take()
    for item in bench.store.dump():
        if item["sk"].startswith("PAGE#"):
            del item[attribute]
            bench.store.replace(item)

    assert bench.take() is None
    assert bench.warnings == ["KeyError"]


def test_a_search_that_cannot_be_continued_is_left_to_each(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    fetch = bench._fetch

    def refuse(token: str) -> tuple[tuple[str, ...], str]:
        if token:
            raise ValueError("NextToken is invalid")
        return fetch(token)

    monkeypatch.setattr(bench, "_fetch", refuse)

    assert [bench.take() for _ in range(11)][-1] is None


def test_a_search_that_fails_at_its_beginning_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()

    def refuse(_: str) -> tuple[tuple[str, ...], str]:
        raise ValueError("TargetArn")

    monkeypatch.setattr(bench, "_fetch", refuse)

    with pytest.raises(ValueError, match="TargetArn"):
        bench.take()
