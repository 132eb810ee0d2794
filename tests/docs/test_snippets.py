"""Every Python snippet of the documents is a program that synthesizes."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from docs.tools.pages import Block, blocks

SNIPPETS = blocks("python")
NUMBER = "Custom::ConnectPhoneNumber"


def templates_of(block: Block, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Run a snippet with the ``app`` and ``stack`` that the documents presuppose, and return what it synthesizes."""
    app_of_cdk = cdk.App
    apps = [app_of_cdk(outdir=str(folder / "given"))]

    def new_app() -> cdk.App:
        apps.append(app_of_cdk(outdir=str(folder / "own")))
        return apps[-1]

    monkeypatch.setattr(cdk, "App", new_app)
    environment = cdk.Environment(account="000000000000", region="us-east-1")
    names: dict[str, Any] = {"app": apps[0], "stack": cdk.Stack(apps[0], "Stack", env=environment)}
    exec(compile(block.text, str(block), "exec"), names)  # noqa: S102 - that is what this test is for
    assembly = apps[-1].synth()
    nested = [artifact.nested_assembly for artifact in assembly.nested_assemblies]
    return [stack.template for part in (assembly, *nested) for stack in part.stacks]


@pytest.mark.parametrize("block", SNIPPETS, ids=str)
def test_synthesizes(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    templates = templates_of(block, tmp_path, monkeypatch)

    assert any(template.get("Resources") for template in templates)


def test_the_readmes_example_is_ten_lines_and_as_large_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = next(block for block in SNIPPETS if block.page.name == "README.md")

    (template,) = templates_of(example, tmp_path, monkeypatch)
    types = [resource["Type"] for resource in template["Resources"].values()]

    assert len(example.text.splitlines()) <= 10
    assert types.count(NUMBER) == 1
    assert f"({len(types) - 1} resources; the CDK's provider framework creates 16 " in example.page.read_text()


def test_the_snippets_are_found() -> None:
    assert len(SNIPPETS) >= 15
