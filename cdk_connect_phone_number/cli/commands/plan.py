"""``plan``: what a deployment would do to phone numbers, before it does it."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from ..exit_codes import ExitCode
from ..function_code import deployed, offline, plan, planner
from ..options import reading_options
from ..output import console, write_csv, write_json
from ..places import Place, Surroundings
from ..plan_output import FIELDS, as_document, as_row, joined, markdown, write_table
from ..plan_sources import account_of, assembly_stacks, change_set_deployment, read_template
from ..problems import Finding, Problem
from ..run import Run, finish, run

_CONCERNS: Final = tuple(concern.value for concern in plan.Concern)


class PlanFormat(StrEnum):
    """The format of a plan on standard output."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


def _concerns(_: click.Context, __: click.Parameter, value: str) -> frozenset[plan.Concern]:
    names = [name.strip() for name in value.split(",") if name.strip()]
    unknown = sorted(set(names).difference(_CONCERNS))
    if unknown:
        raise click.BadParameter(f"{unknown[0]} is not one of {', '.join(_CONCERNS)}.")
    return frozenset(plan.Concern(name) for name in names)


@click.command("plan")
@click.argument("stacks", nargs=-1)
@click.option(
    "--app",
    "assembly",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("cdk.out"),
    show_default=True,
    help="The cloud assembly that cdk synth has written. Its stacks are compared with what is deployed.",
)
@click.option("--destroy", is_flag=True, help="Plan the deletion of the stacks instead of their deployment.")
@click.option("--change-set", metavar="NAME_OR_ARN", help="Plan what a change set does.")
@click.option("--stack-name", metavar="NAME", default="", help="The stack of --change-set or --template.")
@click.option(
    "--template",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Compare this template with what --stack-name has deployed.",
)
@click.option(
    "--before",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Compare --template with this template, and read no account. Numbers are named by their resources.",
)
@click.option(
    "--fail-on",
    callback=_concerns,
    default="",
    metavar="CONCERNS",
    help=f"Exit with 2 if the plan has one of these, separated by commas: {', '.join(_CONCERNS)}.",
)
@click.option(
    "--output",
    type=click.Choice([one.value for one in PlanFormat]),
    default=PlanFormat.TABLE.value,
    show_default=True,
    help="The format of the result. Markdown is for the comment on a pull request.",
)
@reading_options
@click.pass_context
def plan_command(context: click.Context, /, **options: Any) -> None:
    """Show what a deployment would do to phone numbers: claim, move, replace, release, park or retain them.

    STACKS are stacks of the CDK app, as cdk deploy takes them. Default: all. Nothing is deployed or changed.
    """
    surroundings = context.ensure_object(Surroundings)
    if options["before"] is not None:
        offline_plan = _plan_offline(options, surroundings)
        region = options["regions"][0]
        findings = [Finding("", region, problem) for problem in offline_plan.problems]
        _write(offline_plan, [("", region, offline_plan)], options, surroundings.clock(), findings)
        _end(offline_plan, options, findings)
    plans: list[tuple[Place, plan.Plan]] = []
    with run(context, options) as this:
        for place in this.places:
            made = _planned(this, place, options)
            if made is not None:
                plans.append((place, made))
                this.findings += [Finding(place.account, place.region, problem) for problem in made.problems]
        whole = joined([made for _, made in plans])
        by_place = [(place.account, place.region, made) for place, made in plans]
        _write(whole, by_place, options, this.now(), this.findings)
    _end(whole, options, this.findings)


def _planned(this: Run, place: Place, options: dict[str, Any]) -> plan.Plan | None:
    """Return the plan for one place, or ``None`` if nothing is deployed there."""
    deployments = _deployments(place, options)
    if not deployments:
        return None
    token = this.providers[0] if this.providers else ""
    try:
        return planner.plan(account_of(place), deployments, token)
    except deployed.NotReadable as problem:
        raise Problem(str(problem)) from problem


def _deployments(place: Place, options: dict[str, Any]) -> list[planner.StackDeployment]:
    name = options["stack_name"]
    if options["change_set"]:
        return [change_set_deployment(place, options["change_set"], name)]
    if options["template"] is not None:
        if not name:
            raise Problem("--template needs the stack that it is for. Name it with --stack-name.")
        return [planner.StackDeployment(name, read_template(options["template"]))]
    if options["destroy"] and name:
        return [planner.StackDeployment(name, None)]
    stacks = [stack for stack in assembly_stacks(options["assembly"], options["stacks"]) if stack.is_in(place)]
    if options["destroy"]:
        stacks.reverse()
    return [stack.deployment(is_deleted=options["destroy"]) for stack in stacks]


def _plan_offline(options: dict[str, Any], surroundings: Surroundings) -> plan.Plan:
    try:
        if options["template"] is None and not options["destroy"]:
            raise Problem("--before needs the template to compare with: --template FILE, or --destroy.")
        if not options["regions"]:
            raise Problem("--before reads no account. Name the stack's Region with --region.")
        template: Path | None = options["template"]
        after = None if options["destroy"] or template is None else read_template(template)
        before = read_template(options["before"])
        name = options["stack_name"] or options["before"].name.partition(".")[0]
        return offline.plan_offline(name, before, after, options["regions"][0], surroundings.clock)
    except (Problem, deployed.NotReadable) as problem:
        sys.stderr.write(f"Error: {problem}\n")
        sys.exit(ExitCode.PROBLEM)


def _write(
    whole: plan.Plan,
    by_place: Sequence[tuple[str, str, plan.Plan]],
    options: dict[str, Any],
    now: float,
    findings: Sequence[Finding],
) -> None:
    rows = [as_row(account, region, change) for account, region, made in by_place for change in made.changes]
    match PlanFormat(options["output"]):
        case PlanFormat.JSON:
            write_json({"changes": rows, **as_document(whole)}, now, findings)
        case PlanFormat.CSV:
            write_csv(FIELDS, rows)
        case PlanFormat.MARKDOWN:
            click.echo(markdown(whole, _title(options)), nl=False)
        case PlanFormat.TABLE:
            write_table(console(), whole)


def _title(options: dict[str, Any]) -> str:
    kind = "deletion of" if options["destroy"] else "deployment of"
    file = options["template"] or options["before"] or options["assembly"]
    named = options["change_set"] or ", ".join(options["stacks"]) or options["stack_name"] or file.name
    return f"{kind} {named}"


def _end(made: plan.Plan, options: dict[str, Any], findings: Sequence[Finding]) -> NoReturn:
    finish(findings, has_found=bool(options["fail_on"] & plan.concerns(made)))
