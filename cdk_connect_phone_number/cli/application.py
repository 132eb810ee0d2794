"""``connect-phone-numbers`` and its subcommands."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import click

from .commands.adopt import adopt_command
from .commands.budget import budget_command
from .commands.doctor import doctor_command
from .commands.drift import drift_command
from .commands.init import init_command
from .commands.list import list_command
from .commands.local_aws import local_aws_command
from .commands.plan import plan_command
from .commands.release_orphan import release_orphan_command
from .commands.report import report_command
from .exit_codes import ExitCode


class Application(click.Group):
    """A group of commands whose exit code 2 never means a mistyped option, as it does by click's default."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Parse the group's own arguments."""
        with _problems():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Parse the subcommand's arguments, and run it."""
        with _problems():
            return super().invoke(ctx)


@contextmanager
def _problems() -> Generator[None]:
    try:
        yield
    except click.UsageError as error:
        error.show()
        sys.exit(ExitCode.PROBLEM)


@click.group(cls=Application, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def application() -> None:
    """Show what phone numbers an account has in Amazon Connect, whose they are, and what is left of the budget.

    The command reads with your own credentials. Only release-orphan changes anything: it releases one number.
    docs/operators-policy.json is the policy that the others need. init and local-aws need no account: they make an
    app with a number, and an AWS on this machine to try it.

    Exit codes: 0 all is well, 1 nothing was done (for example no credentials), 2 the command has found what it was to
    fail on, 3 something could not be read.
    """


application.add_command(list_command)
application.add_command(budget_command)
application.add_command(drift_command)
application.add_command(report_command)
application.add_command(plan_command)
application.add_command(adopt_command)
application.add_command(doctor_command)
application.add_command(release_orphan_command)
application.add_command(init_command)
application.add_command(local_aws_command)
