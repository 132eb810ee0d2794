"""``python -m tests.kills``: see ``driver``."""

import sys

# Each attempt's process imports this file again, under another name: there it must do nothing.
if __name__ == "__main__":
    from .driver import main

    sys.exit(main())
