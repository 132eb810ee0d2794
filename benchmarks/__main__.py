"""``python -m benchmarks``: plays the simulator's scripts with the handler and with two written the usual way."""

import sys

from .peers.compare import main

if __name__ == "__main__":
    sys.exit(main())
