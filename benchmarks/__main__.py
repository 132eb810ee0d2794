"""``python -m benchmarks``: memory, start, synth, fleets, and a comparison with handlers written the usual way."""

import argparse
import sys

from .fleet import report as fleets
from .footprint import measure
from .peers import compare
from .processes import report as processes


def main() -> int:
    """Measure, and print the results. Return 1 if a result is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--whole", action="store_true", help="all variants of all scenarios, not one of each group")
    parser.add_argument("--write", action="store_true", help="write the tables to the documents")
    arguments = parser.parse_args()
    is_good = [
        measure.report(writes=arguments.write),
        processes.report(writes=arguments.write),
        fleets.report(writes=arguments.write),
        compare.report(whole=arguments.whole, writes=arguments.write),
    ]
    return 0 if all(is_good) else 1


if __name__ == "__main__":
    sys.exit(main())
