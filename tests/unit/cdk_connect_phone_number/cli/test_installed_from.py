"""The line for ``requirements.txt``, from what pip records about where a package came from."""

from pathlib import Path
from typing import Any

import pytest

from cdk_connect_phone_number.cli.installed_from import requirement_of

NAME = "cdk-connect-phone-number"


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (None, f"{NAME}[local]==0.1.0"),
        (
            {"url": "https://example.com/numbers.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
            f"{NAME}[local] @ git+https://example.com/numbers.git@c0ffee",
        ),
        ({"url": "file:///src/numbers", "dir_info": {}}, f"{NAME}[local] @ file:///src/numbers"),
        (
            {"url": "https://example.com/numbers-0.1.0-py3-none-any.whl", "archive_info": {}},
            f"{NAME}[local] @ https://example.com/numbers-0.1.0-py3-none-any.whl",
        ),
        # The file is gone, so it cannot be copied.
        (
            {"url": "file:///gone/numbers-0.1.0-py3-none-any.whl", "archive_info": {}},
            f"{NAME}[local] @ file:///gone/numbers-0.1.0-py3-none-any.whl",
        ),
    ],
)
def test_the_line_installs_what_is_installed(record: dict[str, Any] | None, line: str) -> None:
    requirement = requirement_of("0.1.0", record)

    assert requirement.wheel is None
    assert requirement.line("wheels", "local") == line
    assert requirement.line("wheels") == line.replace("[local]", "")


def test_a_wheel_that_is_there_is_to_be_copied(tmp_path: Path) -> None:
    wheel = tmp_path / "a folder" / "numbers-0.1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()

    requirement = requirement_of("0.1.0", {"url": wheel.as_uri(), "archive_info": {}})

    assert requirement.wheel == wheel
    assert requirement.line("wheels", "local") == f"./wheels/{wheel.name}[local]"
    assert requirement.line("wheels") == f"./wheels/{wheel.name}"
