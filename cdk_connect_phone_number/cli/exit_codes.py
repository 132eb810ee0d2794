"""The exit codes of ``connect-phone-numbers``, for scripts."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a subcommand's exit code says. If several apply, the first of FOUND, INCOMPLETE and OK is returned."""

    OK = 0
    """Everything was read, and nothing was found that the command was to fail on."""
    PROBLEM = 1
    """Nothing was done: no credentials, no Region, an option that cannot be right."""
    FOUND = 2
    """The command has found what it was to fail on."""
    INCOMPLETE = 3
    """Something could not be read. What could be read was shown."""
