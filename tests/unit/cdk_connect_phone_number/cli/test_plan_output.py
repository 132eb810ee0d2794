"""A plan as a person reads it."""

import io
from typing import Final

from rich.console import Console

from cdk_connect_phone_number.cli.function_code import plan
from cdk_connect_phone_number.cli.plan_output import as_document, as_row, joined, markdown, summary, write_table

UNTIL: Final = 1_796_256_000
RELEASE: Final = plan.NumberChange(
    "support", "Line", "support/Line", plan.Effect.RELEASE, "+12065550100", "it cannot be claimed again", 0, "shared"
)
PARK: Final = plan.NumberChange("support", "Other", "", plan.Effect.PARK, "+12065550101", "in pool-1", UNTIL, "shared")
REFUSE: Final = plan.NumberChange("support", "Third", "", plan.Effect.REFUSE, detail="a|b <c>")
PLAN: Final = plan.Plan(
    changes=(RELEASE, PARK, REFUSE),
    weakenings=(plan.Weakening("support", "Line", "", "ReleaseProtection", "true", "false"),),
    renamings=(plan.Renaming("support", "Line", "Hotline", "+12065550100"),),
    budgets=(plan.BudgetChange("shared", 1, 2, 3, 10, is_estimate=True, is_exceeded=True),),
    problems=("The provider cannot be told.",),
)


def table(made: plan.Plan) -> str:
    text = io.StringIO()
    write_table(Console(file=text, width=80), made)
    return text.getvalue()


def test_a_row_has_the_effect_and_the_time() -> None:
    assert as_row("111122223333", "us-east-1", PARK) == {
        "account": "111122223333",
        "region": "us-east-1",
        "stack": "support",
        "logical_id": "Other",
        "path": "",
        "effect": "park",
        "phone_number": "+12065550101",
        "detail": "in pool-1",
        "until": "2026-12-03T00:00:00Z",
        "provider": "shared",
    }
    assert as_row("", "", RELEASE)["until"] is None


def test_a_document_has_all_that_is_no_change() -> None:
    document = as_document(PLAN)

    assert document["budgets"][0]["left"] == 4
    assert document["concerns"] == ["budget", "protection", "refuse", "release", "rename", "unknown"]
    assert document["problems"] == ["The provider cannot be told."]
    assert (document["weakenings"][0]["protection"], document["renamings"][0]["new_logical_id"]) == (
        "ReleaseProtection",
        "Hotline",
    )


def test_the_summary_counts_the_effects_and_what_is_open() -> None:
    assert summary(PLAN) == "1 released, 1 parked, 1 refused, 1 questions open"
    assert summary(plan.Plan()) == "No phone number changes."


def test_a_table_fits_80_columns_and_says_why_something_is_refused_below_it() -> None:
    text = table(PLAN)

    assert max(map(len, text.splitlines())) <= 80
    above, _, below = text.partition("1 released")
    assert "support/Line" in above
    assert "until 2026-12-03, in pool-1" in above
    assert "support/Third is refused: a|b <c>" in below
    assert "3 of 10 claims and releases are used" in below
    assert "This exceeds the budget." in below


def test_markdown_is_a_table_and_a_list() -> None:
    text = markdown(PLAN, "deployment of cdk.out")

    lines = text.splitlines()
    assert lines[0] == "### Phone numbers: deployment of cdk.out"
    assert "| **release** | +12065550100 | `support/Line` | it cannot be claimed again |" in lines
    assert "| **refuse** |  | `support/Third` | a\\|b &lt;c> |" in lines
    assert any(line.startswith("- support/Line goes and Hotline comes") for line in lines)
    assert lines[-1] == "- Not known: The provider cannot be told."


def test_markdown_of_an_empty_plan_has_no_table() -> None:
    assert markdown(plan.Plan(), "x") == "### Phone numbers: x\n\n**No phone number changes.**\n"


def test_plans_are_joined() -> None:
    both = joined([PLAN, plan.Plan(changes=(PARK,))])

    assert both.changes == (RELEASE, PARK, REFUSE, PARK)
    assert both.problems == PLAN.problems
