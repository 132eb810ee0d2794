"""What there is in a plan to stop for, in sentences."""

import pytest

from lambda_handlers.connect_phone_number.planning.findings import findings
from lambda_handlers.connect_phone_number.planning.plan import (
    BudgetChange,
    Concern,
    Effect,
    NumberChange,
    Plan,
    Renaming,
    Weakening,
    concerns,
)

NUMBER = "+12065550100"
UNTIL = 1_800_000_000


def change(effect: Effect, number: str = NUMBER, detail: str = "", until: int = 0) -> NumberChange:
    return NumberChange("support", "Line", "Support/Line", effect, number, detail, until)


WHOLE = Plan(
    changes=tuple(change(effect, detail="why") for effect in Effect),
    weakenings=(Weakening("support", "Line", "Support/Line", "ReleaseProtection", "true", "false"),),
    renamings=(Renaming("support", "Line", "Phone", NUMBER),),
    budgets=(BudgetChange("exceeded", 3, 1, 9, 10, False, True), BudgetChange("enough", 0, 0, 1, 10, True, False)),
    problems=("Something cannot be read.",),
)


@pytest.mark.parametrize(
    ("made", "concern", "text"),
    [
        (change(Effect.RELEASE, detail="for good"), Concern.RELEASE, f"{NUMBER} would be released (for good)."),
        (change(Effect.RELEASE, number=""), Concern.RELEASE, "its number would be released."),
        (
            change(Effect.PARK, detail="in a pool", until=UNTIL),
            Concern.RELEASE,
            (
                f"{NUMBER} would be parked until 2027-01-15T08:00:00Z (in a pool), and released then unless a "
                "resource takes it before."
            ),
        ),
        (change(Effect.PARK, detail="never"), Concern.RELEASE, f"{NUMBER} would be parked (never)."),
        (change(Effect.REPLACE), Concern.REPLACE, f"{NUMBER} would be replaced by another number."),
        (change(Effect.RETAIN), Concern.RETAIN, f"{NUMBER} would stay in the account without a resource."),
        (change(Effect.REFUSE, detail="No."), Concern.REFUSE, "this would be refused: No."),
        (change(Effect.UNKNOWN, detail="Prefix"), Concern.UNKNOWN, f"{NUMBER} may be replaced (Prefix)."),
    ],
)
def test_a_change_in_a_sentence(made: NumberChange, concern: Concern, text: str) -> None:
    (found,) = findings(Plan((made,)), [concern])

    assert (found.stack, found.logical_id, found.path) == ("support", "Line", "Support/Line")
    assert found.text == f"support/Line: {text}"
    assert found.remedy


def test_what_does_no_harm_is_not_found() -> None:
    harmless = (Effect.CLAIM, Effect.IMPORT, Effect.ADOPT, Effect.TAKE, Effect.CHANGE, Effect.MOVE, Effect.RESTORE)

    assert findings(Plan(tuple(change(effect) for effect in harmless)), list(Concern)) == []


@pytest.mark.parametrize("concern", Concern)
def test_there_is_a_finding_for_each_concern_of_a_plan_and_for_no_other(concern: Concern) -> None:
    assert {found.concern for found in findings(WHOLE, [concern])} == {concern} & concerns(WHOLE) == {concern}
    assert findings(Plan(), [concern]) == []


def test_what_is_of_two_concerns_is_found_once() -> None:
    texts = [found.text for found in findings(WHOLE, list(Concern))]

    assert len(texts) == len(set(texts))


def test_only_a_budget_that_is_exceeded_is_found() -> None:
    (found,) = findings(WHOLE, [Concern.BUDGET])

    assert found.text.startswith("Budget of provider exceeded: 9 of 10 claims and releases are used in 180 days; this")
    assert "this deployment takes 4 now (claims: 3, releases: 1); " in found.text


def test_the_concerns_that_are_not_asked_for_are_left_out() -> None:
    assert {found.concern for found in findings(WHOLE, [Concern.RENAME, Concern.PROTECTION])} == {
        Concern.PROTECTION,
        Concern.RENAME,
    }
