"""Keeps a local AWS running and prints the environment variables for it.

A clone has it as ``make local-aws``, the package with its extra ``local`` as ``connect-phone-numbers local-aws``.
"""

import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType

from .cdk_cli import CdkCli
from .launcher import ACCOUNT, REGION, LocalAws, LocalAwsError, export_lines
from .process_guard import REPOSITORY, end_with


def main(folder: Path = REPOSITORY, example: str = "make deploy") -> int:
    """Run until SIGINT (Ctrl-C), SIGTERM, or SIGHUP.

    Parameters
    ----------
    folder : Path
        The folder of the app that will be deployed: see ``CdkCli``.
    example : str
        A command for the other shell.
    """
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    if parent := os.environ.get("LOCAL_AWS_PARENT"):
        end_with(int(parent))
    try:
        with LocalAws() as local_aws, tempfile.TemporaryDirectory() as assembly:
            result = CdkCli(local_aws.environment, Path(assembly), folder=folder).bootstrap(ACCOUNT, REGION)
            if result.exit_code:
                print(result.output, file=sys.stderr)
                return 1
            print("# A local AWS is running, bootstrapped for the CDK. In another shell:")
            print("\n".join(export_lines(local_aws.variables())))
            print(f"# then, for example: {example}. Its log: {local_aws.log}")
            print("# Ctrl-C here stops it.", flush=True)
            stop.wait()
    except LocalAwsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
