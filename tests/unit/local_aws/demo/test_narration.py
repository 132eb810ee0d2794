from io import StringIO

import pytest
from rich.console import Console

from local_aws.demo.narration import DemoFailedError, Narrator
from local_aws.demo.progress import PlainProgress, Progress
from local_aws.demo.steps import STEPS

ENVIRONMENTS = {
    "plain": {},
    "no color": {"NO_COLOR": "1"},
    "color": {"FORCE_COLOR": "1", "TERM": "xterm-256color"},
}


def console_of(environment: str) -> Console:
    return Console(file=StringIO(), width=80, highlight=False, _environ=ENVIRONMENTS[environment])


def written(console: Console) -> str:
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def tell(console: Console) -> str:
    """Write a message of each kind."""
    narrator = Narrator(PlainProgress(console), clock=lambda: 0.0)
    narrator.step(1, 18, "A local AWS starts")
    narrator.say("a message " * 20)
    narrator.confirm("a finding " * 20)
    narrator.check(True, "[red]a finding[/red]", "not so")
    narrator.say("arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555")
    narrator.show("a table\n of two rows\n")
    narrator.end("It is over.", succeeded=True)
    return written(console)


@pytest.mark.parametrize("environment", ["plain", "no color"])
def test_a_file_has_plain_text(environment: str) -> None:
    text = tell(console_of(environment))

    assert "\x1b" not in text
    assert "[ 1/18]   0.0 s  A local AWS starts\n" in text
    assert "        ✓ [red]a finding[/red]\n" in text


def test_forced_color_moves_no_cursor() -> None:
    text = tell(console_of("color"))

    assert "\x1b[" in text
    # The only control sequences are those that set a style.
    assert all(rest.partition("m")[0].replace(";", "").isdecimal() for rest in text.split("\x1b[")[1:])


def test_no_line_is_longer_than_80_columns() -> None:
    assert max(len(line) for line in tell(console_of("plain")).splitlines()) <= 80


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.title)
def test_the_title_of_a_step_fits_80_columns(step: object) -> None:
    console = console_of("plain")
    Narrator(PlainProgress(console), clock=lambda: 0.0).step(1, len(STEPS), getattr(step, "title", ""))

    assert max(len(line) for line in written(console).splitlines()) <= 80


def test_a_check_that_fails_ends_the_demo_and_writes_nothing() -> None:
    console = console_of("plain")
    with pytest.raises(DemoFailedError, match="not so"):
        Narrator(Progress(console)).check(False, "so", "not so")

    assert written(console) == ""


def test_a_message_puts_off_the_next_beat() -> None:
    now = 0.0
    console = console_of("plain")
    progress = PlainProgress(console, lambda: now)
    narrator = Narrator(progress, lambda: now)
    with narrator.awaiting("the function"):
        now = 1.5
        narrator.say("a message")
        now = 2.5
        progress.beat()
        assert "waiting" not in written(console)
        now = 3.5
        progress.beat()
    assert "waiting for the function, 4 s" in written(console)
