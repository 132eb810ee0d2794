"""``python -m verification`` plays everything."""

import sys

from .verify import main

sys.exit(main())
