"""A guard for boto3's clients: whatever the command's code does by mistake, it changes nothing in AWS.

What an operation does is told by the beginning of its name. A test compares this with the service authorization
reference for each action of docs/operators-policy.json.
"""

from typing import Any, Final

_READS: Final = ("BatchGet", "Describe", "Get", "List", "Query", "Scan", "Simulate")


class ChangeRefused(Exception):
    """The command's code has called an operation that may change something. The code is wrong, so nothing is called."""


def allow_only_reads(client: Any, besides: frozenset[str] = frozenset()) -> None:
    """Let a client call only operations that read.

    Parameters
    ----------
    client
        A client of boto3.
    besides
        Names of further operations that it may call, for example ``ReleasePhoneNumber``.
    """

    def check(model: Any, **_: Any) -> None:
        if not is_read(model.name) and model.name not in besides:
            raise ChangeRefused(f"{model.service_model.service_name}:{model.name} may change something")

    # The first event of each call, and of each URL that is signed in advance.
    client.meta.events.register_first("provide-client-params", check)


def is_read(operation: str) -> bool:
    """Return whether an operation only reads, by its name."""
    return operation.startswith(_READS)
