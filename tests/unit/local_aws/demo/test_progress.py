import threading
from io import StringIO

import pytest
from rich.console import Console

from local_aws.demo.progress import PlainProgress, Progress, TerminalProgress, progress_for

EVENT = (
    "ConnectSupportNumbers | 1/2 | 5:23:28 PM | CREATE_COMPLETE         | Custom::ConnectPhoneNumber | "
    "SupportLine (SupportLineB0BEB757) "
)
FAILED = (
    "ConnectSupportNumbers | 1/2 | 5:23:28 PM | CREATE_FAILED           | Custom::ConnectPhoneNumber | "
    "SupportLine (SupportLineB0BEB757) No number | is available."
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=80, height=24, highlight=False)


def written(console: Console) -> str:
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def screen(progress: TerminalProgress) -> list[str]:
    with progress.console.capture() as captured:
        progress.console.print(progress.screen())
    return captured.get().splitlines()


def beats(progress: PlainProgress, clock: Clock, seconds: int) -> list[str]:
    """Let time pass, look each second, and return what was written meanwhile."""
    before = len(written(progress.console))
    for _ in range(seconds):
        clock.now += 1
        progress.beat()
    return written(progress.console)[before:].splitlines()


def test_a_file_is_told_after_two_seconds_and_then_every_five(console: Console, clock: Clock) -> None:
    progress = PlainProgress(console, clock)
    with progress.awaiting("cdk deploy"):
        lines = beats(progress, clock, 13)

    assert lines == [f"        … waiting for cdk deploy, {seconds} s" for seconds in (2, 7, 12)]


def test_a_file_is_told_nothing_while_nothing_is_awaited(console: Console, clock: Clock) -> None:
    progress = PlainProgress(console, clock)

    assert beats(progress, clock, 10) == []


def test_whatever_is_written_puts_off_the_next_beat(console: Console, clock: Clock) -> None:
    progress = PlainProgress(console, clock)
    with progress.awaiting("cdk deploy"):
        assert beats(progress, clock, 1) == []
        progress.line("a line")
        assert beats(progress, clock, 1) == []
        progress.wrote()
        assert beats(progress, clock, 1) == []
        assert len(beats(progress, clock, 1)) == 1


def test_the_outer_wait_goes_on_after_the_inner(console: Console, clock: Clock) -> None:
    progress = PlainProgress(console, clock)
    with progress.awaiting("the outer"):
        clock.now += 1
        with progress.awaiting("the inner"):
            assert "the inner, 1 s" in beats(progress, clock, 1)[0]
        assert beats(progress, clock, 1) == []
        assert "the outer, 4 s" in beats(progress, clock, 1)[0]


def test_many_short_waits_are_not_silent(console: Console, clock: Clock) -> None:
    progress = PlainProgress(console, clock)
    lines: list[str] = []
    for number in range(6):
        with progress.awaiting(f"stack {number}"):
            lines += beats(progress, clock, 1)

    assert [line.split()[4] for line in lines] == ["1,", "3,", "5,"]


def test_a_file_has_each_line_as_it_is_and_nothing_else(console: Console) -> None:
    progress = PlainProgress(console)
    progress.line(EVENT)
    progress.end_program("cdk deploy", succeeded=True)

    assert written(console) == f"{EVENT}\n"


def test_a_thread_looks_until_the_progress_ends(console: Console, clock: Clock) -> None:
    before = set(threading.enumerate())
    with PlainProgress(console, clock):
        assert len(set(threading.enumerate()) - before) == 1

    assert set(threading.enumerate()) <= before


def test_lines_fold_when_the_program_has_succeeded(console: Console) -> None:
    progress = Progress(console)
    for line in ("one", "two"):
        progress.line(line)
    progress.end_program("cdk deploy", succeeded=True)
    progress.line("three")
    progress.end_program("cdk destroy", succeeded=True)

    lines = written(console).splitlines()
    assert [line.split(" (")[0].strip() for line in lines] == [
        "cdk deploy: 2 lines, folded",
        "cdk destroy: 1 lines, folded",
    ]


def test_lines_stay_when_the_program_has_failed(console: Console) -> None:
    progress = Progress(console)
    for line in ("one", FAILED):
        progress.line(line)
    progress.end_program("cdk deploy", succeeded=False)

    assert written(console) == f"one\n{FAILED}\n"


def test_a_terminal_shows_the_latest_lines_and_what_is_awaited(console: Console, clock: Clock) -> None:
    progress = TerminalProgress(console, clock)
    progress.begin_step(3, 18, "cdk deploy: two stacks")
    for number in range(20):
        progress.line(f"line {number}")
    with progress.awaiting("cdk deploy"):
        clock.now += 12
        rows = screen(progress)

    assert [row.strip() for row in rows[:-1]] == [f"line {number}" for number in range(12, 20)]
    assert "12 s  step 3 of 18: waiting for cdk deploy" in rows[-1]


def test_a_terminal_shows_the_step_where_nothing_is_awaited(console: Console, clock: Clock) -> None:
    progress = TerminalProgress(console, clock)
    progress.begin_step(8, 18, "The release")
    clock.now += 3

    assert "3 s  step 8 of 18: The release" in screen(progress)[-1]


def test_a_low_terminal_has_fewer_rows(clock: Clock) -> None:
    progress = TerminalProgress(Console(file=StringIO(), width=80, height=9), clock)
    progress.begin_step(3, 18, "cdk deploy: two stacks")
    for number in range(20):
        progress.line(f"line {number}")

    assert len(screen(progress)) == 4


def test_no_row_is_longer_than_the_terminal(console: Console, clock: Clock) -> None:
    progress = TerminalProgress(console, clock)
    progress.begin_step(3, 18, "cdk deploy: two stacks")
    for line in (EVENT, FAILED, "x" * 200):
        progress.line(line)
    with progress.awaiting("w" * 200):
        rows = screen(progress)

    assert len(rows) == 4
    assert max(len(row) for row in rows) <= 80


def test_an_event_keeps_what_matters(console: Console, clock: Clock) -> None:
    progress = TerminalProgress(console, clock)
    progress.begin_step(3, 18, "cdk deploy: two stacks")
    progress.line(EVENT)
    progress.line(FAILED)

    assert [row.split() for row in screen(progress)[:-1]] == [
        ["1/2", "CREATE_COMPLETE", "SupportLine"],
        ["1/2", "CREATE_FAILED", "SupportLine", "No", "number", "|", "is", "available."],
    ]


@pytest.mark.parametrize(
    ("file", "environment", "kind"),
    [
        (StringIO(), {}, PlainProgress),
        (StringIO(), {"FORCE_COLOR": "1"}, PlainProgress),
        (Terminal(), {"TERM": "xterm-256color"}, TerminalProgress),
        (Terminal(), {"TERM": "xterm-256color", "NO_COLOR": "1"}, TerminalProgress),
        (Terminal(), {"TERM": "dumb"}, PlainProgress),
    ],
)
def test_only_a_terminal_gets_a_moving_cursor(
    file: StringIO, environment: dict[str, str], kind: type[Progress]
) -> None:
    assert type(progress_for(Console(file=file, _environ=environment))) is kind


def test_a_terminal_is_left_as_it_was() -> None:
    file = Terminal()
    console = Console(file=file, width=80, height=24, _environ={"TERM": "xterm-256color"})
    with TerminalProgress(console) as progress:
        progress.begin_step(1, 18, "A local AWS starts")

    assert file.getvalue().count("\x1b[?25l") == file.getvalue().count("\x1b[?25h") == 1
