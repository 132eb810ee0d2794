"""cfn-lint finds nothing in any template."""

import subprocess
import sys
from pathlib import Path

from .conftest import Synthesized

# The CDK says a dependency between constructs for each of their resources, also where a reference implies it.
OBSOLETE_DEPENDS_ON = "W3005"


def test_finds_nothing(synthesized: Synthesized) -> None:
    templates = sorted(str(path) for path in synthesized.folder.glob("*.template.json"))
    assert len(templates) == len(synthesized.templates)

    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--ignore-checks", OBSOLETE_DEPENDS_ON, "--", *templates],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
