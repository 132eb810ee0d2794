"""A report as one HTML page that loads nothing: its style and script are inside, and nothing else is allowed to run.

What people and other programs have written, such as descriptions and tags, is text and stays text: every string is
escaped by markupsafe unless this module has marked it as HTML.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape
from rich.text import Text

from .commands.budget import ProviderBudget, notes
from .commands.drift import as_rows
from .commands.list import totals
from .drift import Status
from .function_code import timing
from .inventory import NumberRecord, OwnerKind
from .output import amount, counted, day, short_arn
from .prices import PRICE_PAGE, PRICES_AS_OF
from .provider_checks import OLDEST_DUE_SECONDS
from .report import DueKind, DueWork, Report, oldest
from .report_timeline import timeline

_NUMBERS: Final = "numbers-table"
_BADGES: Final = {
    OwnerKind.ORPHAN: "bad",
    OwnerKind.UNKNOWN: "warn",
    OwnerKind.STACK: "good",
    OwnerKind.ADOPTED: "good",
    OwnerKind.LISTED: "good",
}
_STATUS_BADGES: Final = {Status.DRIFTED: "bad", Status.UNKNOWN: "warn", Status.IN_PROGRESS: "warn"}
_DUE_BADGES: Final = {DueKind.POSTPONED: "warn", DueKind.UNFINISHED: "warn"}
_OPEN_RETURNS: Final = 8
"""How many dates are shown without a click."""


@dataclass(frozen=True)
class _Cell:
    """A cell of a table.

    Parameters
    ----------
    sort
        What the column is sorted by. Empty if it is not known.
    """

    shown: str
    sort: str = ""
    kind: str = ""


def page(report: Report) -> str:
    """Return a report as an HTML document."""
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    where = ", ".join(map(str, report.places))
    sections = [_numbers(report), _budgets(report), _due(report), _drift(report), _findings(report)]
    return str(
        Markup(
            "<!doctype html>\n"
            '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="referrer" content="no-referrer">\n'
            "<title>Phone numbers of {where}</title>\n"
            "<style>{style}</style>\n</head>\n<body>\n{header}\n<main>\n{main}\n</main>\n{footer}\n"
            "<script>{script}</script>\n</body>\n</html>\n"
        ).format(
            policy=policy,
            where=where,
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            header=_header(report, where),
            main=_joined(sections),
            footer=_footer(),
        )
    )


def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("\n").join(parts)


# --- The head ---


def _header(report: Report, where: str) -> Markup:
    links = (
        ("numbers", "Numbers"),
        ("budget", "Budget"),
        ("due", "What is due"),
        ("drift", "Drift"),
        ("findings", f"Findings ({len(report.findings)})"),
    )
    generated = timing.date_of(report.generated_at)
    return Markup(
        "<header>\n<h1>Phone numbers of {where}</h1>\n"
        '<p class="quiet">As of <time datetime="{generated}">{shown} UTC</time>{providers}</p>\n'
        '<nav aria-label="Sections"><ul>{links}</ul></nav>\n{sums}\n</header>'
    ).format(
        where=where,
        generated=generated,
        shown=_minute(report.generated_at),
        providers=_providers(report),
        links=_joined(Markup('<li><a href="#{}">{}</a></li>').format(*link) for link in links),
        sums=_sums(report),
    )


def _providers(report: Report) -> str:
    names = [provider.name for inventory in report.inventories for provider in inventory.providers.selected]
    return f". Providers: {', '.join(names)}" if names else ". There is no provider"


def _sums(report: Report) -> Markup:
    whole = totals(report.numbers)
    orphans = whole["by_owner"][OwnerKind.ORPHAN.value]
    first = oldest(report.due, report.generated_at)
    waited = first.overdue_seconds(report.generated_at) if first else 0
    sums = [
        ("Numbers", str(whole["numbers"]), False),
        ("USD a month, estimate", whole["usd_per_month_estimate"], False),
        ("Orphans", str(orphans), orphans > 0),
        *(
            (
                f"Claims possible{f', {one.ledger.provider.name}' if len(report.budgets) > 1 else ''}",
                str(possible),
                possible == 0,
            )
            for one in report.budgets
            for possible in (one.claims_possible,)
        ),
        ("Oldest due work", _duration(waited) if waited else "none", waited > OLDEST_DUE_SECONDS),
    ]
    if report.compared is not None:
        drifted = sum(one.status is Status.DRIFTED for _, one in report.compared)
        sums.append(("Drifted", str(drifted), drifted > 0))
    tiles = _joined(
        Markup("<div{kind}><dt>{name}</dt><dd>{value}</dd></div>").format(
            kind=Markup(' class="bad"') if is_bad else "", name=name, value=value
        )
        for name, value, is_bad in sums
    )
    return Markup('<dl class="sums">\n{}\n</dl>').format(tiles)


def _footer() -> Markup:
    return Markup(
        '<footer><p class="quiet">Written by connect-phone-numbers. Prices are estimates as reported on {}, without '
        'those that are not known; all are on <a href="{}" rel="noreferrer">Amazon Connect\'s price page</a>.</p>'
        "</footer>"
    ).format(PRICES_AS_OF, PRICE_PAGE)


# --- The numbers ---


def _numbers(report: Report) -> Markup:
    numbers = report.numbers
    if not numbers:
        return _section("numbers", "Numbers", [_paragraph("There are no phone numbers.")])
    whole = totals(numbers)
    without = f" {whole['without_price']} have no known price." if whole["without_price"] else ""
    caption = (
        f"{counted(len(numbers), 'phone number')}, {whole['usd_per_month_estimate']} USD a month by estimate.{without}"
    )
    heads = [
        "Number",
        *_place_head(report),
        "Country, type",
        "Target",
        "Flow",
        "Owner",
        "State",
        "Until",
        "USD a month",
    ]
    rows = [
        _row(
            heads,
            _number_cells(report, record),
            text=_searchable(record),
            state=record.owner.value,
        )
        for record in numbers
    ]
    table = _table(caption, heads, rows, "cards sortable", id=_NUMBERS)
    return _section("numbers", "Numbers", [_controls(numbers), table])


def _number_cells(report: Report, record: NumberRecord) -> list[_Cell]:
    price = amount(record.usd_per_month)
    return [
        _Cell(_with_note(record.phone_number, record.description), record.phone_number, "phone"),
        *_place_cell(report, f"{record.account} {record.region}"),
        _Cell(f"{record.country_code} {record.type}", f"{record.country_code} {record.type}"),
        _arn_cell(record.target_arn),
        _arn_cell(record.flow_arn),
        _owner_cell(record),
        _state_cell(record),
        _Cell(day(record.parked_until), str(record.parked_until), "phone") if record.parked_until else _Cell(""),
        _Cell(price or "?", price or "", "number"),
    ]


def _owner_cell(record: NumberRecord) -> _Cell:
    resource = f"{record.stack_name}/{record.logical_id}" if record.logical_id else ""
    pool = f"pool {record.pool}" if record.pool else ""
    owner = ", ".join(filter(None, (resource, pool)))
    return _Cell(_with_note(owner, record.note), owner, "free" if owner or record.note else "")


def _state_cell(record: NumberRecord) -> _Cell:
    badges = [_badge(record.owner.value.replace("-", " "), _BADGES.get(record.owner, ""))]
    badges += [_badge("protected", "good")] if record.is_protected else []
    return _Cell(Markup("<span>{}</span>").format(Markup(" ").join(badges)), record.owner.value)


def _searchable(record: NumberRecord) -> str:
    """Return what a number can be found by besides what its row shows."""
    tags = [f"{key}={value}" for key, value in (record.tags or {}).items()]
    return "\n".join((record.arn, record.target_arn, record.flow_arn, record.stack_id, record.provider_id, *tags))


def _controls(numbers: Sequence[NumberRecord]) -> Markup:
    counts = Counter(record.owner for record in numbers)
    options = _joined(
        Markup('<option value="{}">{} ({})</option>').format(kind.value, kind.value.replace("-", " "), counts[kind])
        for kind in OwnerKind
        if counts[kind]
    )
    return Markup(
        '<form class="controls" data-table="{}" hidden>\n'
        '<label>Filter <input type="search" autocomplete="off" placeholder="number, stack, tag, ..."></label>\n'
        '<label>State <select><option value="">all ({})</option>\n{}</select></label>\n'
        '<p role="status"></p>\n</form>'
    ).format(_NUMBERS, len(numbers), options)


# --- The budget ---


def _budgets(report: Report) -> Markup:
    if not report.budgets:
        return _section("budget", "Budget", [_paragraph("No provider has a ledger that can be read here.")])
    parts = [_budget(one, index) for index, one in enumerate(report.budgets)]
    said = [Text.from_markup(line).plain for line in notes(report.budgets)]
    return _section("budget", "Budget", [*parts, *map(_paragraph, said)])


def _budget(one: ProviderBudget, index: int) -> Markup:
    allowance = one.allowance
    quota = f"{allowance.quota}{'?' if allowance.is_estimate else ''}"
    sums = (
        f"Quota {quota}, so {allowance.allowed} claims and releases are allowed in 180 days. {allowance.used} are "
        f"used, {allowance.left} are left, and {counted(allowance.budget.held, 'number')} may be held. "
        f"{counted(one.claims_possible, 'more number')} can be claimed now, one after another."
    )
    return Markup('<h3>{}: {}</h3>\n<p>{}</p>\n<div class="budget">\n{}\n{}\n</div>').format(
        one.place, one.ledger.provider.name, sums, timeline(one, index), _returns(one)
    )


def _returns(one: ProviderBudget) -> Markup:
    returns = one.returns()
    if not returns:
        return _paragraph("Nothing is used, so nothing comes back.")
    heads = ["Comes back on", "How much", "Left then"]
    left = one.allowance.allowed - one.allowance.used
    rows: list[Markup] = []
    for date, count in returns:
        left += count
        cells = [
            _Cell(date.isoformat(), kind="phone"),
            _Cell(str(count), kind="number"),
            _Cell(str(max(left, 0)), kind="number"),
        ]
        rows.append(_row(heads, cells))
    caption = f"When how much comes back to {one.ledger.provider.name}"
    table = _table(caption, heads, rows, "narrow")
    return Markup("<details{}><summary>{} on which something comes back</summary>\n{}\n</details>").format(
        Markup(" open") if len(returns) <= _OPEN_RETURNS else "", counted(len(returns), "date"), table
    )


# --- What is due ---


def _due(report: Report) -> Markup:
    if not report.due:
        return _section("due", "What is due", [_paragraph("Nothing is parked, and nothing is unfinished.")])
    first = oldest(report.due, report.generated_at)
    said = "No unfinished work is overdue."
    if first is not None:
        waited = _duration(first.overdue_seconds(report.generated_at))
        said = f"The oldest due work has waited for {waited}: {_subject(first)}. The function's log says what stops it."
    heads = ["Number", *_place_head(report), "Resource", "Kind", "When (UTC)", "What"]
    rows = [_row(heads, _due_cells(report, work)) for work in report.due]
    table = _table("Parked numbers, postponed releases and unfinished claims, the earliest first", heads, rows, "cards")
    return _section("due", "What is due", [_paragraph(said), table])


def _due_cells(report: Report, work: DueWork) -> list[_Cell]:
    one = work.claim
    parts = (
        work.what,
        f"pool {work.pool}" if work.pool else "",
        f"failed attempts: {one.failures}" if one.failures else "",
    )
    return [
        _Cell(one.phone_number or one.candidate or "not known yet", kind="phone"),
        *_place_cell(report, str(work.place)),
        _Cell(_named(one.resource.stack_name, one.logical_resource_id), kind="free"),
        _Cell(_badge(work.kind.value, _DUE_BADGES.get(work.kind, ""))),
        _Cell(f"{'since' if work.overdue_seconds(report.generated_at) else 'on'} {_minute(work.at)}", kind="phone"),
        _Cell(_with_note(", ".join(filter(None, parts)), one.last_error), kind="free"),
    ]


def _subject(work: DueWork) -> str:
    one = work.claim
    return (
        f"{one.phone_number or one.candidate or one.id} of {_named(one.resource.stack_name, one.logical_resource_id)}"
    )


# --- Drift and findings ---


def _drift(report: Report) -> Markup:
    if report.compared is None:
        return _section("drift", "Drift", [_paragraph("Not compared, because of --no-drift.")])
    counts = Counter(one.status for _, one in report.compared)
    listed = [f"{counts[status]} {status.value.replace('-', ' ')}" for status in Status if counts[status]]
    said = _paragraph(f"{counted(len(report.compared), 'number')} compared: {', '.join(listed) or 'none'}.")
    heads = ["Number", *_place_head(report), "Resource", "Status", "What", "Wanted", "Found"]
    rows = [
        _row(
            heads,
            [
                _Cell(row["phone_number"] or "not known yet", kind="phone"),
                *_place_cell(report, str(place)),
                _Cell(_named(row["stack_name"], row["logical_id"]), kind="free"),
                _Cell(_badge(one.status.value.replace("-", " "), _STATUS_BADGES.get(one.status, ""))),
                _Cell(row["aspect"]),
                _Cell(row["wanted"], kind="free"),
                _Cell(row["found"] or ("none" if row["aspect"] else ""), kind="free"),
            ],
        )
        for place, one in report.compared
        if one.status is not Status.IN_SYNC
        for row in as_rows(place, one)
    ]
    if not rows:
        return _section("drift", "Drift", [said])
    table = _table("Numbers that are not as their stacks want them", heads, rows, "cards")
    return _section("drift", "Drift", [said, table])


def _findings(report: Report) -> Markup:
    if not report.findings:
        return _section("findings", "Findings", [_paragraph("Everything could be read, and there is nothing to add.")])
    items = _joined(
        Markup("<li>{} {}</li>").format(
            _badge("not read", "bad") if one.is_unread else _badge("to know", "warn"),
            _isolated(f"{one.account} {one.region}: {one.text}"),
        )
        for one in sorted(report.findings, key=lambda one: not one.is_unread)
    )
    return _section("findings", "Findings", [Markup('<ul class="findings">\n{}\n</ul>').format(items)])


# --- Parts ---


def _section(id: str, title: str, parts: Iterable[Markup]) -> Markup:
    return Markup('<section aria-labelledby="{id}">\n<h2 id="{id}">{title}</h2>\n{parts}\n</section>').format(
        id=id, title=title, parts=_joined(parts)
    )


def _paragraph(text: str) -> Markup:
    return Markup("<p>{}</p>").format(text)


def _table(caption: str, heads: Sequence[str], rows: Iterable[Markup], kind: str, *, id: str = "") -> Markup:
    # The roles keep it a table where the style shows each row as a card.
    return Markup(
        '<div class="scroll" tabindex="0" role="group" aria-label="{caption}">'
        '<table class="{kind}" role="table"{id}><caption>{caption}</caption>\n'
        '<thead role="rowgroup"><tr role="row">{heads}</tr></thead>\n'
        '<tbody role="rowgroup">\n{rows}\n</tbody></table></div>'
    ).format(
        caption=caption,
        kind=kind,
        id=Markup(' id="{}"').format(id) if id else "",
        heads=Markup("").join(Markup('<th scope="col" role="columnheader">{}</th>').format(head) for head in heads),
        rows=_joined(rows),
    )


def _row(heads: Sequence[str], cells: Sequence[_Cell], **data: str) -> Markup:
    attributes = Markup("").join(Markup(' data-{}="{}"').format(name, value) for name, value in data.items())
    return Markup('<tr role="row"{}>{}</tr>').format(attributes, Markup("").join(_row_cells(heads, cells)))


def _row_cells(heads: Sequence[str], cells: Sequence[_Cell]) -> Iterator[Markup]:
    for index, (head, cell) in enumerate(zip(heads, cells, strict=True)):
        kind = cell.kind if cell.shown else f"{cell.kind} empty".strip()
        name, role = ("th", Markup('scope="row" role="rowheader"')) if index == 0 else ("td", Markup('role="cell"'))
        yield Markup('<{name} {role}{kind} data-label="{head}" data-sort="{sort}">{shown}</{name}>').format(
            name=name,
            role=role,
            kind=Markup(' class="{}"').format(kind) if kind else "",
            head=head,
            sort=cell.sort,
            shown=_isolated(cell.shown) if cell.shown else "",
        )


def _arn_cell(arn: str) -> _Cell:
    shown = Markup('<span title="{}">{}</span>').format(arn, short_arn(arn)) if arn else ""
    return _Cell(shown, short_arn(arn), "phone" if arn else "")


def _with_note(text: str, note: str) -> str:
    return (
        Markup('<span>{}<span class="note">{}</span></span>').format(_isolated(text), _isolated(note)) if note else text
    )


def _isolated(text: str) -> Markup:
    """Return text whose marks for the direction of writing do not reach beyond it."""
    return Markup("<bdi>{}</bdi>").format(text) if not isinstance(text, Markup) else text


def _badge(text: str, kind: str) -> Markup:
    return Markup('<span class="{}">{}</span>').format(f"{kind} badge".strip(), escape(text))


def _place_head(report: Report) -> list[str]:
    return ["Account, Region"] if len(report.places) > 1 else []


def _place_cell(report: Report, place: str) -> list[_Cell]:
    return [_Cell(place, place)] if len(report.places) > 1 else []


def _named(stack_name: str, logical_id: str) -> str:
    return f"{stack_name}/{logical_id}"


def _minute(seconds: float) -> str:
    return timing.date_of(seconds).replace("T", " ")[:16]


def _duration(seconds: int) -> str:
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
