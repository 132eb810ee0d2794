"""What is counted. Whether the scenarios come to all of it is asked in ``scenarios/test_catalog.py``."""

from verification.scenarios.catalog import by_name
from verification.simulator.reached import Reached, counting
from verification.simulator.runner import run


def test_what_is_not_reached_is_named() -> None:
    with counting() as reached:
        run(by_name("S1 create, delete"))
    missing = reached.missing()
    assert "outcome ADOPTION_ROLLED_BACK: 0 times instead of 3" in missing
    assert any(line.startswith("no fault at claiming.") for line in missing)
    assert not any(line.startswith("transition none -> OPENING: 0") for line in missing)


def test_what_was_reached_elsewhere_is_added() -> None:
    with counting() as reached:
        run(by_name("S1 create, delete"))
    total = Reached()
    total.add(reached)
    total.add(reached)
    assert total.counts["outcome RELEASED"] == 2 * reached.counts["outcome RELEASED"] > 0
    assert total.sites == reached.sites


def test_afterwards_nothing_is_counted() -> None:
    with counting() as reached:
        pass
    run(by_name("S1 create, delete"))
    assert not reached.counts
    assert not reached.sites
