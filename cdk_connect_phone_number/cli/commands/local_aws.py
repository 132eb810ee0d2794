"""``local-aws``: an AWS on this machine, for an app that is not in a clone of this repository."""

import sys
from importlib.util import find_spec
from pathlib import Path

import click

from ..exit_codes import ExitCode


@click.command("local-aws")
def local_aws_command() -> None:
    """Keep a local AWS running until Ctrl-C, and print the variables that lead a second shell to it.

    It has all services that an app with phone numbers needs, and is bootstrapped for the CDK. Nothing in it costs
    anything, and nothing is left of it when it ends. Run this in the app's folder, after npm install: the CDK CLI is
    taken from there. docs/local-aws.md says what a real AWS does otherwise.
    """
    # Only the package has it here: in a clone, make local-aws starts it.
    name = f"{__name__.split('.')[0]}.local_aws"
    if find_spec(name) is None:
        sys.stderr.write("Error: this is a clone of the repository. Run here: make local-aws\n")
        sys.exit(ExitCode.PROBLEM)
    from importlib import import_module

    sys.exit(import_module(f"{name}.__main__").main(Path.cwd(), "npx cdk deploy"))
