"""Writes the template, the zip, and what the Serverless Application Repository needs."""

import argparse
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Final

import yaml

from docs.tools.pages import ROOT

from .archive import digest, write_zip
from .template import provider_template, serverless_application, synthesize

BUILD: Final = ROOT / "build" / "template"
_WIDTH: Final = 120


def write(target: Path) -> None:
    """Write everything to a folder, in place of what is there."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = synthesize(folder / "base")
        code_key = f"connect-phone-number-provider-{digest(base.code)}.zip"
        write_zip(base.code, target / code_key)
        template = provider_template(base, folder, code_key)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for path, content in (
        ("provider.yaml", template),
        ("serverless-application.yaml", serverless_application(template, code_key, version)),
    ):
        (target / path).write_text(yaml.safe_dump(content, sort_keys=False, width=_WIDTH))
    shutil.copyfile(ROOT / "LICENSE", target / "LICENSE")
    shutil.copyfile(ROOT / "docs" / "without-python.md", target / "README.md")


def main() -> int:
    """Write everything to ``build/template``, and say what is there."""
    parser = argparse.ArgumentParser(prog="python -m provider_template", description=__doc__)
    parser.add_argument("--output", type=Path, default=BUILD, help="the folder (default: build/template)")
    target = parser.parse_args().output
    write(target)
    sys.stdout.write("".join(f"{path.name} ({path.stat().st_size} bytes)\n" for path in sorted(target.iterdir())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
