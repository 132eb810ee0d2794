"""``python -m verification.crash_tests``: see ``driver``."""

import sys

# Each invocation's process imports this file again under another name, where it must do nothing.
if __name__ == "__main__":
    from .driver import main

    sys.exit(main())
