"""The picture of a budget in the report: what is used, kept and left today, and how it comes back, as an SVG."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

from markupsafe import Markup

from .commands.budget import ProviderBudget
from .function_code import budget

_WIDTH: Final = 360.0
_LEFT: Final = 30.0
_PLOT: Final = _WIDTH - _LEFT - 12
_TOP: Final = 78.0
_HEIGHT: Final = 120.0
_BOTTOM: Final = _TOP + _HEIGHT
_TICKS: Final = (0, 60, 120, budget.WINDOW_DAYS)
_LABEL_ROOM: Final = 26.0


def timeline(one: ProviderBudget, index: int) -> Markup:
    """Return the picture of a provider's budget, with what it shows in words.

    Parameters
    ----------
    index
        The picture's place on the page, as its names must be unique there.
    """
    description = " ".join([_today(one), *(f"{count} more on {day}." for day, count in one.returns())])
    return Markup(
        '<figure><svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="t{index} d{index}">'
        '<title id="t{index}">The budget of {name}</title><desc id="d{index}">{description}</desc>\n{shapes}</svg>\n'
        "<figcaption>{caption}</figcaption></figure>"
    ).format(
        width=f"{_WIDTH:g}",
        height=f"{_BOTTOM + 24:g}",
        index=index,
        name=one.ledger.provider.name,
        description=description,
        shapes=Markup("\n").join([*_bar(one), *_plot(one)]),
        caption=(
            "Above: what is used, kept to release what is held, and free today. Below: how much is left, until all has "
            "come back; the broken line is what is kept."
        ),
    )


def _today(one: ProviderBudget) -> str:
    allowance = one.allowance
    return (
        f"Of {allowance.allowed} claims and releases, {allowance.used} are used, {_kept(one)} kept and "
        f"{allowance.left - _kept(one)} free."
    )


def _kept(one: ProviderBudget) -> int:
    return min(one.allowance.budget.held, one.allowance.left)


def _bar(one: ProviderBudget) -> Iterator[Markup]:
    allowance = one.allowance
    whole = max(allowance.allowed, allowance.used, 1)
    x = 0.0
    for kind, name, count in (
        ("used", "used", allowance.used),
        ("kept", "kept", _kept(one)),
        ("left", "free", allowance.left - _kept(one)),
    ):
        width = _WIDTH * count / whole
        yield _rectangle(x, 0, width, 18, kind)
        x += width
        column = {"used": 0, "kept": 1, "left": 2}[kind]
        yield _rectangle(column * 110, 28, 10, 10, kind)
        yield _text(column * 110 + 15, 37, f"{count} {name}")


def _plot(one: ProviderBudget) -> Iterator[Markup]:
    allowance = one.allowance
    first = datetime.fromtimestamp(allowance.today * 86_400, UTC).date()
    top = max(allowance.allowed, 1)

    def x(day: date) -> float:
        return _LEFT + _PLOT * (day - first).days / budget.WINDOW_DAYS

    def y(count: int) -> float:
        return _BOTTOM - _HEIGHT * min(max(count, 0), top) / top

    steps = [(first, allowance.allowed - allowance.used)]
    for day, count in one.returns():
        steps.append((day, steps[-1][1] + count))
    path = f"M{_LEFT:.1f},{y(steps[0][1]):.1f}" + "".join(f"H{x(day):.1f}V{y(left):.1f}" for day, left in steps[1:])
    path += f"H{_LEFT + _PLOT:.1f}"
    yield Markup('<path class="under" d="{}V{}H{}Z"/>').format(path, f"{_BOTTOM:.1f}", f"{_LEFT:.1f}")
    for count in sorted({0, top // 2, top}):
        yield Markup('<path class="rule" d="M{},{}H{}"/>').format(
            f"{_LEFT:.1f}", f"{y(count):.1f}", f"{_LEFT + _PLOT:.1f}"
        )
        yield _text(_LEFT - 5, y(count) + 4, str(count), "end")
    yield Markup('<path class="step" d="{}"/>').format(path)
    if allowance.budget.held:
        at = y(allowance.budget.held)
        yield Markup('<path class="limit" d="M{},{}H{}"/>').format(f"{_LEFT:.1f}", f"{at:.1f}", f"{_LEFT + _PLOT:.1f}")
    begin = steps[0][1]
    for (day, left), (following, _) in zip(steps[1:], [*steps[2:], (date.max, 0)], strict=False):
        # What comes back at nearly the same time has one label.
        if x(following) - x(day) >= _LABEL_ROOM:
            yield _text(min(x(day), _LEFT + _PLOT), y(left) - 5, f"+{left - begin}", "end")
            begin = left
    for days in _TICKS:
        day = first + timedelta(days=days)
        anchor = {0: "start", budget.WINDOW_DAYS: "end"}.get(days, "middle")
        yield _text(x(day), _BOTTOM + 16, "today" if days == 0 else day.isoformat(), anchor)


def _rectangle(x: float, y: float, width: float, height: float, kind: str) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>').format(
        f"{x:.1f}", f"{y:g}", f"{width:.1f}", f"{height:g}", kind
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(f"{x:.1f}", f"{y:.1f}", anchor, text)
