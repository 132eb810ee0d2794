"""cfn-lint finds nothing in any template."""

import subprocess
import sys
from pathlib import Path

from .conftest import Synthesized


def test_finds_nothing(synthesized: Synthesized) -> None:
    templates = sorted(str(path) for path in synthesized.folder.glob("*.template.json"))
    assert len(templates) == len(synthesized.templates)

    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--", *templates],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
