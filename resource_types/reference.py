"""The tables of properties in the reference."""

import re
from collections.abc import Mapping
from typing import Final

from lambda_handlers.connect_phone_number.properties import RESOURCE_TYPES, Property

_HEAD: Final = "| Property | Required | On change | Values |\n|---|---|---|---|\n"
_ROWS: Final = re.compile(r"\| Property \|.*?\n(?=\n)", re.DOTALL)


def with_tables(page: str, headings: Mapping[str, str]) -> str:
    """Return the page with the table of each resource type in place of the one that it has.

    Parameters
    ----------
    headings
        Under which heading each resource type's table is.

    Raises
    ------
    ValueError
        If there is not exactly one table under a heading.
    """
    for resource_type, heading in headings.items():
        before, found, rest = page.partition(f"\n## {heading}\n")
        section, next_heading, after = rest.partition("\n## ")
        table = _HEAD + "".join(map(_row, RESOURCE_TYPES[resource_type]))
        tables = _ROWS.findall(section)
        if len(tables) != 1:
            raise ValueError(f"under '{heading}' there are {len(tables)} tables of properties, and should be one")
        section = section.replace(tables[0], table)
        page = before + found + section + next_heading + after
    return page


def _row(each: Property) -> str:
    return f"| `{each.name}` | {each.required} | {each.on_change} | {each.values} |\n"
