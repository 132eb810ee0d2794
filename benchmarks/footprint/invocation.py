"""The function's process: handles the event that it reads, as Lambda would have it do, and reports the cost.

``measure`` starts it with only the function's own code on the path.
"""

import json
import re
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, Final

_PROCESS_SECONDS: Final = 900.0


class _Context:
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:provider"

    def get_remaining_time_in_millis(self) -> int:
        """Return a value that leaves enough time."""
        return int(_PROCESS_SECONDS * 1000)


def main() -> None:
    """Handle the event. Write a line of JSON for each step of the start, and one for the work."""
    event: Any = json.load(sys.stdin)
    _say("before anything is imported")
    # Imported only here, because the import is measured. Named by its text, as in Lambda.
    module, _, name = sys.argv[1].rpartition(".")
    on_event = getattr(import_module(module), name)
    _say("with its modules")
    on_event(event, _Context())
    _say(f"after {event['RequestType']}")


def _say(what: str) -> None:
    line = {"what": what, "peak_mib": _peak_mib(), "cpu_seconds": time.process_time()}
    sys.stderr.write(json.dumps(line) + "\n")


def _peak_mib() -> float:
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    # On Linux, getrusage includes what the parent used before this program began.
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


if __name__ == "__main__":
    main()
