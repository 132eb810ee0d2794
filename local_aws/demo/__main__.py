"""Runs the demo: ``python -m local_aws.demo``. The exit code is 0 if every check holds."""

import os
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.launcher import LocalAws, LocalAwsError
from local_aws.process_guard import end_with

from .narration import DemoFailedError, Narrator
from .scene import Scene
from .steps import STEPS


def main() -> int:
    """Play all steps. Whatever happens, end every program that was started."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    if parent := os.environ.get("LOCAL_AWS_PARENT"):
        end_with(int(parent))
    narrator = Narrator(sys.stdout)
    local_aws = LocalAws()
    title = "The beginning"
    try:
        with tempfile.TemporaryDirectory() as folder:
            scene = Scene(narrator, local_aws, Path(folder))
            for index, step in enumerate(STEPS, 1):
                title = step.title
                narrator.step(index, len(STEPS), title)
                step.run(scene)
    except (DemoFailedError, LocalAwsError, BotoCoreError, ClientError, OSError) as error:
        narrator.end(f"The demo FAILED in the step '{title}': {error}")
        narrator.say("The end of the local AWS's log:")
        for line in local_aws.log_tail():
            narrator.say(line)
        return 1
    except KeyboardInterrupt:
        narrator.end("interrupted; everything is being stopped")
        return 128 + signal.SIGINT
    finally:
        local_aws.stop()
    narrator.end("The demo is over: every check held.")
    return 0


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    # Raise an exception, so that the finally clauses end everything in order.
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
