"""The README's way to a number in an app of one's own: all its commands, in an empty folder, with pip and npm.

Only the registries are left out: what the packages depend on is taken from the environments of this repository.
"""

import os
import shutil
import stat
import subprocess
import sysconfig
from pathlib import Path
from typing import Final

import pytest

from docs.tools.pages import ROOT, blocks

_SOURCES: Final = (
    "cdk_connect_phone_number",
    "lambda_handlers",
    "local_aws",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
)
_ACTIVATE: Final = ". .venv/bin/activate\n"
_NPM: Final = f"""#!/bin/sh
test "$*" = install && ln -s {ROOT}/node_modules node_modules
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in _SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
        else:
            shutil.copy2(ROOT / name, clone / name)
    return clone


def test_the_commands_of_the_readme_lead_to_a_number_in_an_app_of_ones_own(clone: Path, tmp_path: Path) -> None:
    (commands,) = [block.text for block in blocks("sh") if block.text.startswith("# in an empty folder")]
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "npm").write_text(_NPM)
    (tools / "npm").chmod(stat.S_IRWXU)
    dependencies = [sysconfig.get_path("purelib"), *map(str, (ROOT / ".venv/ministack/lib").glob("*/site-packages"))]
    assert commands.count(_ACTIVATE) == 1
    # In place of the registries. Python 3.11 gives each environment a setuptools that is too old to build the package.
    site_packages = '"$(echo .venv/lib/*/site-packages)"'
    registries = (
        f"rm -rf {site_packages}/setuptools*; printf '%s\\n' {' '.join(dependencies)} > {site_packages}/others.pth\n"
    )
    program = commands.replace(_ACTIVATE, _ACTIVATE + registries)
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTEST", "PIP_", "AWS_", "CDK_", "VIRTUAL_ENV"))
    }
    environment |= {
        # As in all tests. An app of one's own has only warnings from that check.
        "CDK_VALIDATION": "false",
        "CLONE": str(clone),
        "PATH": f"{tools}:{Path(sysconfig.get_path('scripts'))}:{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    empty = tmp_path / "empty"
    empty.mkdir()

    done = subprocess.run(
        ["/bin/sh", "-e", "-c", program], cwd=empty, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert (empty / "my-app" / "requirements.txt").read_text().startswith("./wheels/cdk_connect_phone_number-")
