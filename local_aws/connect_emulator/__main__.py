"""Run the emulator as a server: ``python -m local_aws.connect_emulator --help``."""

import argparse
import json
import signal
import threading
from pathlib import Path
from types import FrameType

from .server import EmulatorServer
from .service import ConnectEmulator
from .settings import Settings


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m local_aws.connect_emulator",
        description="Emulates Amazon Connect's phone numbers for AWS SDKs (endpoint_url).",
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen; %(default)s")
    parser.add_argument("--port", type=int, default=0, help="where to listen; 0 is any free port")
    parser.add_argument("--ready-file", type=Path, help="write the URL here once it answers")
    parser.add_argument(
        "--settings",
        type=json.loads,
        default={},
        help="a JSON object of settings, for example '{\"quota\": 5}'",
    )
    options = parser.parse_args()
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal prescribes these parameters
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    emulator = ConnectEmulator(settings=Settings(**options.settings))
    with EmulatorServer(emulator, options.host, options.port) as server:
        print(server.url, flush=True)
        if options.ready_file is not None:
            # Renamed into place, so that a process that waits for the file never reads an incomplete one.
            partial = options.ready_file.with_suffix(".partial")
            partial.write_text(server.url)
            partial.replace(options.ready_file)
        stop.wait()


if __name__ == "__main__":
    main()
