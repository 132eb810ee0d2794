"""The diagram of a claim's states, generated from the table of its transitions.

``python -m docs.tools.states --write`` writes it to ``docs/lifecycle.md``.
"""

import argparse
import re
import sys
from typing import Final

from lambda_handlers.connect_phone_number.claim import TRANSITIONS

from .sections import LIFECYCLE

_BLOCK: Final = re.compile(r"```mermaid\nstateDiagram-v2\n.*?```", re.DOTALL)


def diagram() -> str:
    """Return the diagram as a Markdown block."""
    lines = [
        f"    {source} --> {transition.target or source}: {name} ({transition.why})"
        for name, transition in TRANSITIONS.items()
        for source in transition.sources or ("[*]",)
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def main() -> int:
    """Write the diagram to its page, or print it."""
    parser = argparse.ArgumentParser(prog="python -m docs.tools.states", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write it to docs/lifecycle.md")
    if parser.parse_args().write:
        LIFECYCLE.write_text(_BLOCK.sub(lambda _: diagram(), LIFECYCLE.read_text(), count=1))
    else:
        sys.stdout.write(diagram() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
