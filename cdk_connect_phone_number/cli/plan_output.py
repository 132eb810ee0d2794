"""A plan as a person reads it: as a table in the terminal, or as Markdown for a pull request."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console, Group, RenderableType

from .function_code import findings, plan, timing
from .output import day, new_table, plain

FIELDS: Final = (
    "account",
    "region",
    "stack",
    "logical_id",
    "path",
    "effect",
    "phone_number",
    "detail",
    "until",
    "provider",
)
"""The fields of a change in JSON and CSV. Their names are stable."""

Effect = plan.Effect

_STYLES: Final = {
    Effect.RELEASE: "bold red",
    Effect.REPLACE: "bold red",
    Effect.REFUSE: "bold red",
    Effect.UNKNOWN: "bold red",
    Effect.PARK: "yellow",
    Effect.POSTPONE: "yellow",
    Effect.RETAIN: "yellow",
    Effect.RESTORE: "yellow",
    Effect.CLAIM: "green",
    Effect.IMPORT: "green",
    Effect.ADOPT: "green",
    Effect.TAKE: "green",
}
_PAST: Final = {
    Effect.CLAIM: "claimed",
    Effect.IMPORT: "imported",
    Effect.ADOPT: "adopted",
    Effect.TAKE: "taken from what is parked",
    Effect.CHANGE: "changed",
    Effect.MOVE: "moved",
    Effect.REPLACE: "replaced",
    Effect.RELEASE: "released",
    Effect.PARK: "parked",
    Effect.POSTPONE: "parked for the budget",
    Effect.RETAIN: "retained",
    Effect.RESTORE: "restored",
    Effect.REFUSE: "refused",
    Effect.UNKNOWN: "not known before",
}


def as_row(account: str, region: str, change: plan.NumberChange) -> dict[str, Any]:
    """Return a change as JSON and CSV have it."""
    until = timing.date_of(change.until) if change.until else None
    return {"account": account, "region": region, **asdict(change), "effect": change.effect.value, "until": until}


def as_document(made: plan.Plan) -> dict[str, Any]:
    """Return what a plan has besides its changes, as JSON has it."""
    return {
        "weakenings": [asdict(each) for each in made.weakenings],
        "renamings": [asdict(each) for each in made.renamings],
        "budgets": [{**asdict(each), "left": each.left} for each in made.budgets],
        "problems": list(made.problems),
        "concerns": sorted(plan.concerns(made)),
    }


def write_table(console: Console, made: plan.Plan) -> None:
    """Write a plan for the terminal."""
    console.print(Group(*parts(made)))


def markdown(made: plan.Plan, title: str) -> str:
    """Return a plan in Markdown, for the comment on a pull request.

    Parameters
    ----------
    title
        What the plan is of.
    """
    lines = [f"### Phone numbers: {_code_free(title)}", "", f"**{summary(made)}**", ""]
    if made.changes:
        lines += ["| Effect | Number | Resource | Detail |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {_emphasized(change.effect)} | {change.phone_number or ''} | `{_resource(change)}` | "
            f"{_code_free(_detail(change))} |"
            for change in made.changes
        ]
        lines.append("")
    remarks = [*_remarks(made), *(f"Not known: {problem}" for problem in made.problems)]
    lines += [f"- {_code_free(text)}" for text in remarks]
    return "\n".join(lines).rstrip() + "\n"


def summary(made: plan.Plan) -> str:
    """Return how many numbers there are of each effect."""
    counts = Counter(change.effect for change in made.changes)
    listed = [f"{counts[effect]} {past}" for effect, past in _PAST.items() if counts[effect]]
    if made.problems:
        listed.append(f"{len(made.problems)} questions open")
    return ", ".join(listed) if listed else "No phone number changes."


def parts(made: plan.Plan) -> Iterator[RenderableType]:
    """Return what the terminal shows of a plan, from top to bottom."""
    if made.changes:
        table = new_table()
        table.add_column("Effect", no_wrap=True)
        table.add_column("Number", no_wrap=True)
        table.add_column("Resource", overflow="fold")
        table.add_column("Detail", overflow="fold")
        for change in made.changes:
            style = _STYLES.get(change.effect, "default")
            name = f"[{style}]{change.effect.value}[/]"
            detail = "see below" if change.effect is Effect.REFUSE else _detail(change)
            table.add_row(name, change.phone_number, plain(_resource(change)), plain(detail))
        yield table
    yield f"[bold]{plain(summary(made))}[/]"
    refused = [f"{_resource(change)} is refused: {change.detail}" for change in made.with_effect(Effect.REFUSE)]
    for text in (*refused, *_remarks(made)):
        yield f"- {plain(text)}"


def _remarks(made: plan.Plan) -> list[str]:
    """Return what there is to say besides the changes, in sentences."""
    return [
        *map(findings.of_budget, made.budgets),
        *map(findings.of_weakening, made.weakenings),
        *map(findings.of_renaming, made.renamings),
    ]


def _resource(change: plan.NumberChange) -> str:
    if change.path:
        return change.path
    return "/".join(filter(None, (change.stack, change.logical_id)))


def _detail(change: plan.NumberChange) -> str:
    until = f"until {day(change.until)}" if change.until else ""
    return ", ".join(filter(None, (until, change.detail)))


def _emphasized(effect: plan.Effect) -> str:
    return f"**{effect.value}**" if "red" in _STYLES.get(effect, "") else effect.value


def _code_free(text: str) -> str:
    """Return text that neither ends a table's cell nor begins markup."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def joined(plans: Sequence[plan.Plan]) -> plan.Plan:
    """Return several plans as one."""

    def all_of(parts: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
        return tuple(each for part in parts for each in part)

    return plan.Plan(
        changes=all_of(each.changes for each in plans),
        weakenings=all_of(each.weakenings for each in plans),
        renamings=all_of(each.renamings for each in plans),
        budgets=all_of(each.budgets for each in plans),
        problems=all_of(each.problems for each in plans),
    )
