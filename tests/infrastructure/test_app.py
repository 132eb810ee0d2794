"""The app as the CDK CLI runs it: settings from the context, and a clear word where one is missing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


def run(folder: Path, *, validates: bool = False, **changes: Any) -> subprocess.CompletedProcess[str]:
    settings = json.loads((REPOSITORY / "cdk.json").read_text())
    context = {key: value for key, value in {**settings["context"], **changes}.items() if value is not None}
    interpreter, *arguments = settings["app"].split()
    assert interpreter == "python3"
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "CDK_OUTDIR": str(folder),
            "CDK_CONTEXT_JSON": json.dumps(context),
            "CDK_VALIDATION": str(validates).lower(),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_synthesizes_both_stacks_out_of_the_box(tmp_path: Path) -> None:
    done = run(tmp_path, validates=True)

    assert done.returncode == 0, done.stderr
    # With the setting that cdk.json has, what the CDK's own check finds would be an error.
    assert json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"] == []
    assert sorted(path.name for path in tmp_path.glob("*.template.json")) == [
        "ConnectPhoneNumberProvider.template.json",
        "ConnectSupportNumbers.template.json",
    ]


def test_takes_the_settings_of_the_command_line(tmp_path: Path) -> None:
    done = run(tmp_path, country_code="GB", type="TOLL_FREE", prefix="+44800", description="London")

    assert done.returncode == 0, done.stderr
    template = json.loads((tmp_path / "ConnectSupportNumbers.template.json").read_text())
    (number,) = template["Resources"].values()
    assert number["Properties"]["CountryCode"] == "GB"
    assert number["Properties"]["Type"] == "TOLL_FREE"
    assert number["Properties"]["Prefix"] == "+44800"
    assert number["Properties"]["Description"] == "London"


def test_says_without_a_trace_which_setting_is_missing(tmp_path: Path) -> None:
    done = run(tmp_path, target_arn=None)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "The context value 'target_arn' is missing." in done.stderr


def test_says_where_a_setting_is_wrong(tmp_path: Path) -> None:
    done = run(tmp_path, country_code="us")

    assert done.returncode == 1
    assert (
        "ConnectSupportNumbers/SupportLine: country_code must be a two-letter country code that Amazon Connect knows, "
        "but is 'us'. Did you mean 'US'?" in done.stderr
    )
