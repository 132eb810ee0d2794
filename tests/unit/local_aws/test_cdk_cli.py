import os
from pathlib import Path

from local_aws.cdk_cli import CdkCli


def test_each_line_is_shown_and_is_in_the_result(tmp_path: Path) -> None:
    program = tmp_path / "node_modules" / ".bin" / "cdk"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho one $1\necho two >&2\nexit 3\n")
    program.chmod(0o755)
    shown: list[str] = []
    result = CdkCli(dict(os.environ), tmp_path / "assembly", folder=tmp_path, on_line=shown.append).deploy()

    assert shown == ["one deploy", "two"]
    assert (result.exit_code, result.output) == (3, "one deploy\ntwo\n")
