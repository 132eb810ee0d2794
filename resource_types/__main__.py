"""Writes everything that is generated from the table of properties, or checks it."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from docs.tools.pages import ROOT
from lambda_handlers.connect_phone_number.contract import POOL_RESOURCE_TYPE, RESOURCE_TYPE

from .reference import with_tables
from .schema import SCHEMAS, schema_text
from .typescript import properties_module

_REFERENCE: Final = ROOT / "docs" / "cloudformation.md"
_TYPESCRIPT: Final = ROOT / "typescript" / "src" / "properties.ts"
_HEADINGS: Final = {RESOURCE_TYPE: "Properties", POOL_RESOURCE_TYPE: "Pools"}


def generated() -> Mapping[Path, str]:
    """Return the text that each file must have."""
    return {
        **{path: schema_text(name) for name, path in SCHEMAS.items()},
        _TYPESCRIPT: properties_module(),
        _REFERENCE: with_tables(_REFERENCE.read_text(), _HEADINGS),
    }


def stale() -> list[str]:
    """Return the names of the files that are not what the table says."""
    return [
        path.relative_to(ROOT).as_posix()
        for path, text in generated().items()
        if not path.exists() or path.read_text() != text
    ]


def main() -> int:
    """Write the files, or check them."""
    parser = argparse.ArgumentParser(prog="python -m resource_types", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    if parser.parse_args().check:
        found = stale()
        sys.stdout.write(
            "".join(f"{name} is not what the table says; run: python -m resource_types\n" for name in found)
        )
        return 1 if found else 0
    for path, text in generated().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
