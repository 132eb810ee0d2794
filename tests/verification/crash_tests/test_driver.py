import subprocess
import sys

from docs.tools.pages import ROOT

_KILLS = 20


def test_nothing_is_lost_when_processes_are_killed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "verification.crash_tests", "--kills", str(_KILLS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": 0 violations" in done.stdout
