"""Breakages of the hints: an error in one may make the function slow, and nothing else may depend on it."""

from typing import Final

from .breakage import UNIT_TESTS, Breakage, Hunt, Patch

_CLAIMING: Final = "lifecycle/claiming.py"
_HINT: Final = "hints/hint.py"
_PACING: Final = "hints/pacing.py"
_STOCK: Final = "hints/stock.py"
_FLEETS: Final = "tests/benchmarks/fleet/test_report.py"

HINTS: Final = (
    Breakage(
        "a hint that cannot be read or written fails the request",
        (Patch(_HINT, "except Exception as error:", "except ZeroDivisionError as error:"),),
        (Hunt("S33 no hints from *", must_succeed=True),),
    ),
    Breakage(
        "hints that cannot be written are tried again and again",
        (Patch(_HINT, "            self.is_available = False\n", ""),),
        (Hunt("S33 no hints, a short timeout", must_succeed=True),),
        unit_tests=(f"{UNIT_TESTS}/hints", "-k", "without_the_table or spoiled_page"),
    ),
    Breakage(
        "a shared candidate is not reserved",
        (
            Patch(
                _CLAIMING,
                "return invocation.ledger.save(announced, reservation)",
                "return invocation.ledger.save(announced)",
            ),
        ),
        (Hunt("S29 renamed without an event, *"),),
    ),
    Breakage(
        "a shared candidate that was refused is tried again",
        (Patch(_CLAIMING, "        if shared not in claim.rejected_candidates:", "        if shared:"),),
        (Hunt("S33 shared candidates that are taken"),),
    ),
    Breakage(
        "a page that another invocation fetches is waited for without end",
        (Patch(_STOCK, "for look in range(_LOOKS):", "for look in range(1_000_000):"),),
        unit_tests=(f"{UNIT_TESTS}/hints/test_stock.py", "-k", "not_waited_for_long"),
    ),
    Breakage(
        "a page is shared for an hour",
        (Patch(_STOCK, "_SHARED_SECONDS: Final = 60", "_SHARED_SECONDS: Final = 3600"),),
        unit_tests=(f"{UNIT_TESTS}/hints/test_stock.py", "-k", "a_minute_only"),
    ),
    Breakage(
        "a schedule that cannot be right is believed",
        (
            Patch(
                _PACING,
                "        if schedule.due(ticket) / 1000 > now + _LONGEST_WAIT_SECONDS:",
                "        if schedule is None:",
            ),
        ),
        unit_tests=(f"{UNIT_TESTS}/hints/test_pacing.py", "-k", "cannot_be_right"),
    ),
    Breakage(
        "a turn is waited for until the time is used up",
        (Patch(_PACING, "_LONGEST_PART: Final = 0.75", "_LONGEST_PART: Final = 7.5"),),
        unit_tests=(f"{UNIT_TESTS}/hints/test_pacing.py", "-k", "not_for_all_of_the_time"),
    ),
    Breakage(
        "the first look waits as long as a hint says",
        (
            Patch(_CLAIMING, "min(usual, timing.left() / 4)", "usual"),
            Patch(_PACING, "min(int(providing), _LONGEST_PROVIDING_MS)", "int(providing)"),
        ),
        (Hunt("S33 a long providing time, a short timeout"),),
    ),
    Breakage(
        "each invocation searches by itself",
        (Patch(_STOCK, "        if taken is None:\n", "        if taken:\n"),),
        unit_tests=(_FLEETS, "-k", "every_goal"),
    ),
    Breakage(
        "a throttled call does not make the turns slower",
        (Patch(_PACING, "if schedule.base_at == held[1].base_at:", "if schedule.base_at != held[1].base_at:"),),
        unit_tests=(_FLEETS, "-k", "every_goal"),
    ),
    Breakage(
        "the turns never become faster",
        (Patch(_PACING, "if shorter < schedule.interval:", "if shorter > schedule.interval:"),),
        unit_tests=(_FLEETS, "-k", "raised_throttle"),
    ),
    Breakage(
        "a claimed number is looked at all the time",
        (Patch(_CLAIMING, "    _wait_for_providing(invocation)\n", ""),),
        unit_tests=(_FLEETS, "-k", "every_goal"),
    ),
)
