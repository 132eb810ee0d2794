"""The output in docs/pipelines.md is that of a run, and the plan's step of the workflow there works."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from docs.tools.gates import PAGE, shown, with_shown
from docs.tools.pages import blocks
from local_aws.launcher import LocalAws
from local_aws.process_guard import REPOSITORY

from .template_stack import TemplateStack

STACK = "SupportLine"


def step_of_the_workflow() -> str:
    """Return the script of the workflow's step that plans."""
    (workflow,) = (block.text for block in blocks("yaml") if block.page == PAGE and "jobs:" in block.text)
    steps: list[dict[str, Any]] = yaml.safe_load(workflow)["jobs"]["plan"]["steps"]
    (script,) = (str(step["run"]) for step in steps if step.get("id") == "plan")
    return script


def test_the_page_shows_what_the_gates_show(local_aws: LocalAws, example_assembly: Path, tmp_path: Path) -> None:
    # The other stacks of this local AWS are deployed by then, and have no part in it.
    del example_assembly
    try:
        page = PAGE.read_text()
        assert with_shown(page, shown(local_aws, tmp_path)) == page, "run: python -m docs.tools.gates --write"

        (tmp_path / "2").rename(tmp_path / "cdk.out")
        # The command as pip installs it.
        command = tmp_path / "connect-phone-numbers"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m cdk_connect_phone_number "$@"\n')
        command.chmod(0o755)
        environment = {
            **local_aws.environment,
            "PATH": f"{tmp_path}:{local_aws.environment['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
        }
        # As GitHub runs a step: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
        script = ["bash", "-e", "-c", step_of_the_workflow()]
        subprocess.run(script, env=environment, cwd=tmp_path, check=True)

        assert (tmp_path / "output").read_text() == "status=2\n"
        report = (tmp_path / "plan.md").read_text()
        assert report.startswith("### Phone numbers: deployment of cdk.out\n")
        assert "**release** | +1" in report
        assert (tmp_path / "summary").read_text() == report
    finally:
        TemplateStack(local_aws, STACK).delete()
