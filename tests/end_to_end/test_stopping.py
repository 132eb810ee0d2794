"""Nothing goes on running: neither after the demo's end, nor when it is killed at any step."""

import os
import signal
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import pytest

from local_aws.demo.steps import STEPS
from local_aws.process_guard import REPOSITORY, GuardedProcess

from .processes import MARK, marked_processes, processes_after

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

_SECONDS = 20.0


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("step", "number"),
    [
        (1, signal.SIGKILL),
        (2, signal.SIGINT),
        (3, signal.SIGKILL),
        (3, signal.SIGTERM),
    ],
)
def test_killed_demo_leaves_no_process(step: int, number: signal.Signals, tmp_path: Path) -> None:
    mark = str(uuid.uuid4())
    demo = subprocess.Popen(
        [sys.executable, "-m", "local_aws.demo"],
        cwd=REPOSITORY,
        env={**os.environ, MARK: mark, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell lets its background jobs ignore Ctrl-C, and so would the demo if these tests are one.
        preexec_fn=_heed_interrupts,
    )
    assert demo.stdout is not None
    with demo, demo.stdout:
        # The CLI writes its first lines when it runs already.
        lines = iter(demo.stdout.readline, "")
        assert any(line.startswith(f"[{step:>2}/{len(STEPS)}]") for line in lines)
        next(lines)
        demo.send_signal(number)
        demo.wait()

    assert processes_after(mark, _SECONDS) == []
    assert demo.returncode != 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("local-aws-")] == []


def test_guarded_program_is_ended_with_all_that_it_has_started() -> None:
    mark = str(uuid.uuid4())
    # A daemon: in a session of its own, its parent gone, deaf to SIGTERM.
    daemon = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True)"
    parent = f"""import subprocess, sys
subprocess.Popen([sys.executable, "-c", {daemon + "; time.sleep(600)"!r}], start_new_session=True)
input()
"""
    program = GuardedProcess(
        [sys.executable, "-c", f"try:\n exec({parent!r})\nexcept EOFError: import time; time.sleep(600)"],
        {**os.environ, MARK: mark},
        output=subprocess.PIPE,
    )
    assert program.output.readline() == "up\n"
    assert len(marked_processes(mark)) == 3

    program.stop()

    assert marked_processes(mark) == {}


def test_guard_reports_the_exit_code_and_removes_the_folder() -> None:
    folder = Path(tempfile.mkdtemp())
    program = GuardedProcess([sys.executable, "-c", "raise SystemExit(7)"], dict(os.environ), remove=folder)

    assert program.wait() == 7
    assert not folder.exists()
    program.stop()


def test_guard_says_which_program_is_missing() -> None:
    program = GuardedProcess(["/no/such/program"], dict(os.environ), output=subprocess.PIPE)

    assert "/no/such/program" in program.output.read()
    assert program.wait() == 127
    program.stop()
