"""Keeps a local AWS running and prints the environment variables for it: ``make local-aws``."""

import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType

from .cdk_cli import CdkCli
from .launcher import ACCOUNT, REGION, LocalAws, LocalAwsError, export_lines
from .process_guard import end_with


def main() -> int:
    """Run until SIGINT (Ctrl-C), SIGTERM, or SIGHUP."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    if parent := os.environ.get("LOCAL_AWS_PARENT"):
        end_with(int(parent))
    try:
        with LocalAws() as local_aws, tempfile.TemporaryDirectory() as folder:
            result = CdkCli(local_aws.environment, Path(folder)).bootstrap(ACCOUNT, REGION)
            if result.exit_code:
                print(result.output, file=sys.stderr)
                return 1
            print("# A local AWS is running, bootstrapped for the CDK. In another shell:")
            print("\n".join(export_lines(local_aws.variables())))
            print("# then, for example: make deploy. Its log: " + str(local_aws.log))
            print("# Ctrl-C here stops it.", flush=True)
            stop.wait()
    except LocalAwsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
