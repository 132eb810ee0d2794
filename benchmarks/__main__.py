"""``python -m benchmarks``: memory, start, synth, fleets, and a comparison with handlers written the usual way."""

import argparse
import sys
from collections.abc import Callable

from .fleet import report as fleets
from .footprint import measure
from .peers import compare
from .processes import report as processes


def main() -> int:
    """Measure, and print the results. Return 1 if a result is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--whole", action="store_true", help="all variants of all scenarios, not one of each group")
    parser.add_argument("--write", action="store_true", help="write the tables to the documents")
    parser.add_argument("--only", choices=("memory", "processes", "fleets", "peers"), help="measure one part only")
    arguments = parser.parse_args()
    writes: bool = arguments.write
    parts: dict[str, Callable[[], bool]] = {
        "memory": lambda: measure.report(writes=writes),
        "processes": lambda: processes.report(writes=writes),
        "fleets": lambda: fleets.report(writes=writes),
        "peers": lambda: compare.report(whole=arguments.whole, writes=writes),
    }
    is_good = [report() for name, report in parts.items() if arguments.only in (None, name)]
    return 0 if all(is_good) else 1


if __name__ == "__main__":
    sys.exit(main())
