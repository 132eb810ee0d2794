"""``python -m tests.simulation`` plays everything."""

import sys

from .verify import main

sys.exit(main())
