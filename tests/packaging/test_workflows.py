"""What the workflows promise. They do not run here, but what they name has to exist."""

import re
import tomllib
from typing import Final

import pytest

from docs.tools.pages import ROOT

_WORKFLOWS: Final = {path.name: path.read_text() for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
_CLASSIFIER: Final = "Programming Language :: Python :: 3."


def test_every_python_of_the_metadata_and_that_of_the_function_is_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {text.rpartition(" ")[2] for text in project["classifiers"] if text.startswith(_CLASSIFIER)}
    source = (ROOT / "cdk_connect_phone_number" / "provider" / "function.py").read_text()
    runtime = re.findall(r"Runtime\.PYTHON_(\d+)_(\d+)", source)
    matrix = re.search(r"python: \[(.+)\]", _WORKFLOWS["ci.yml"])
    assert matrix is not None
    assert set(re.findall(r"[\d.]+", matrix[1])) == named | {".".join(version) for version in runtime}


@pytest.mark.parametrize("name", _WORKFLOWS)
def test_every_action_is_pinned_to_a_commit(name: str) -> None:
    actions = re.findall(r"uses: (\S+)", _WORKFLOWS[name])
    assert actions
    assert [action for action in actions if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)] == []


@pytest.mark.parametrize("name", _WORKFLOWS)
def test_every_target_is_one_of_the_makefile(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"run: make ([a-z-]+)", _WORKFLOWS[name])) <= targets


def test_nothing_is_published_without_a_tag() -> None:
    build, publish = _WORKFLOWS["release.yml"].split("  publish:\n")
    publish, attach = publish.split("  attach:\n")
    for job in (publish, attach):
        assert job.startswith("    if: startsWith(github.ref, 'refs/tags/v')\n    needs: build\n")
    assert "gh-action-pypi-publish" in publish
    assert "gh release create" in attach
    assert "publish" not in build.split("jobs:\n")[1]
    assert "gh release" not in build


def test_all_that_make_package_builds_is_kept_and_published() -> None:
    build, publish = _WORKFLOWS["release.yml"].split("  publish:\n")
    described = re.search(
        r"^package:.*## build all that is published: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    assert described is not None
    folders = re.findall(r"dist|build/\w+", described[1])
    kept = dict(re.findall(r"upload-artifact@.*\n +with:\n +name: (\w+)\n +path: (\S+)/\n", build))

    assert [folder for folder in folders if not any(path.startswith(folder) for path in kept.values())] == []
    assert sorted(re.findall(r"download-artifact@.*\n +with:\n +name: (\w+)\n", publish)) == sorted(kept)


def test_dependabot_looks_at_every_package_json_and_requirements_file() -> None:
    config = (ROOT / ".github" / "dependabot.yml").read_text()
    for ecosystem, manifest in (("npm", "package.json"), ("pip", "requirements.txt")):
        looked_at = re.search(rf"package-ecosystem: {ecosystem}\n +director(?:y|ies): (.+)\n", config)
        assert looked_at is not None
        folders = {path.parent.relative_to(ROOT) for pattern in ("", "*/") for path in ROOT.glob(pattern + manifest)}
        assert set(re.findall(r'"/([^"]*)"', looked_at[1])) == {str(folder).strip(".") for folder in folders}
