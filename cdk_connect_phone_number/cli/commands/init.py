"""``init``: an app of one's own with one number, and with a test that deploys it to a local AWS."""

import re
import shutil
import sys
from pathlib import Path
from string import Template
from typing import Final

import click

from ..exit_codes import ExitCode
from ..installed_from import installed_from

CDK_CLI: Final = "2.1148.1"
"""The version of the npm package ``aws-cdk`` with which this package is tested."""

LOCAL_INSTANCE: Final = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
"""The instance that a local AWS has from the start."""

TEMPLATES: Final = Path(__file__).parent.parent / "app_template"
_SUFFIX: Final = ".template"
_WHEELS: Final = "wheels"
_STACK_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--target-arn",
    default=LOCAL_INSTANCE,
    metavar="ARN",
    help="The instance or traffic distribution group for the number. Default: the local AWS's instance.",
)
def init_command(folder: Path, target_arn: str) -> None:
    """Make a CDK app with one phone number in FOLDER, which is new or empty.

    The app has a stack with one number, its requirements, and a test that deploys it to a local AWS and destroys it.
    The stack gets the folder's name. The requirements name the package as it is installed here; a wheel is copied
    into the app.
    """
    name = folder.resolve().name
    if not _STACK_NAME.fullmatch(name):
        _refuse(
            f"{name!r} cannot be the name of a stack: a letter, and then letters, digits and hyphens. "
            "Name another folder, for example my-numbers."
        )
    if folder.exists() and any(folder.iterdir()):
        _refuse(f"{folder} is not empty. Name another folder, for example {folder}-2.")
    requirement = installed_from()
    values = {
        "name": name,
        "target_arn": target_arn,
        "cdk_cli": CDK_CLI,
        "requirement": requirement.line(_WHEELS),
        "local_requirement": requirement.line(_WHEELS, "local"),
    }
    for template in sorted(TEMPLATES.rglob(f"*{_SUFFIX}")):
        path = folder / template.relative_to(TEMPLATES).with_suffix("")
        path = path.with_name(".gitignore") if path.name == "gitignore" else path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(template.read_text()).substitute(values))
    if requirement.wheel is not None:
        (folder / _WHEELS).mkdir()
        shutil.copy2(requirement.wheel, folder / _WHEELS)
    click.echo(f"Made {folder}, an app with one phone number. Next:\n\n  cd {folder}")
    click.echo("  pip install -r requirements-dev.txt\n  npm install\n  python -m pytest")
    click.echo("\nThe test deploys the app to a local AWS. README.md there says how to go on.")


def _refuse(message: str) -> None:
    sys.stderr.write(f"Error: {message}\n")
    sys.exit(ExitCode.PROBLEM)
