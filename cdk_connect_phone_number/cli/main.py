"""The entry point of ``connect-phone-numbers``."""

import sys
from importlib.util import find_spec

from .exit_codes import ExitCode

_EXTRA = {"boto3": "boto3", "click": "click", "markupsafe": "MarkupSafe", "rich": "rich", "yaml": "PyYAML"}
"""The packages of the extra, by their modules."""


def main() -> None:
    """Run the command, or say how to install it if only the constructs are installed."""
    missing = [package for module, package in _EXTRA.items() if find_spec(module) is None]
    if missing:
        sys.stderr.write(
            f"Error: connect-phone-numbers needs {', '.join(missing)}. Install the package with its extra: "
            "pip install 'cdk-connect-phone-number[cli]'\n"
        )
        sys.exit(ExitCode.PROBLEM)
    from .application import application

    application(prog_name="connect-phone-numbers")
