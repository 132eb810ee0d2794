import subprocess
import sys
from pathlib import Path

_KILLS = 20


def test_nothing_is_lost_when_processes_are_killed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.kills", "--kills", str(_KILLS)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": 0 violations" in done.stdout
