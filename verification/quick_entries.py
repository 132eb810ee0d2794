"""Makes the entries of the ledger quickly, for runs in large numbers.

A frozen dataclass sets each field of a new instance with a call of ``object.__setattr__``. For claims, which have sixty
fields and are made at each reading and each change, that took a sixth of the time of a run. Filling the instance's
dictionary at once has the same result.
"""

from dataclasses import MISSING, fields
from typing import Any

from lambda_handlers.connect_phone_number.claim import Claim


def make_claims_quickly() -> None:
    """Let this process make its claims quickly from now on."""
    fill_at_once(Claim)


def fill_at_once(entry_type: Any) -> None:
    """Replace the ``__init__`` of a frozen dataclass by one that does the same in less time."""
    attributes = fields(entry_type)
    names = tuple(attribute.name for attribute in attributes)
    defaults = {attribute.name: attribute.default for attribute in attributes if attribute.default is not MISSING}
    factories = {
        attribute.name: attribute.default_factory
        for attribute in attributes
        if attribute.default_factory is not MISSING
    }

    def fill(entry: Any, *positional: Any, **named: Any) -> None:
        values: dict[str, Any] = entry.__dict__
        values.update(defaults)
        values.update(zip(names, positional, strict=False))
        values.update(named)
        for name, make in factories.items():
            if name not in values:
                values[name] = make()
        # One is missing, or there is one too many.
        if len(values) != len(names):
            raise TypeError(f"{entry_type.__name__} has no {sorted(values.keys() ^ set(names))}")

    entry_type.__init__ = fill
