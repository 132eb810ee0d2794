"""Plays the steps one after another, and says how that ended."""

import signal
import tempfile
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Group

from local_aws.launcher import LocalAws, LocalAwsError

from .closing import summary, what_next
from .narration import DemoFailedError, Narrator
from .progress import Progress
from .scene import Scene
from .steps import STEPS


def play(progress: Progress) -> int:
    """Play all steps, and return the exit code. Whatever happens, end every program that was started.

    Parameters
    ----------
    progress : Progress
        Shows what is awaited, and holds the console to write to.
    """
    narrator = Narrator(progress)
    local_aws = LocalAws()
    title = "The beginning"
    try:
        with progress, tempfile.TemporaryDirectory() as folder:
            scene = Scene(narrator, local_aws, Path(folder))
            for index, step in enumerate(STEPS, 1):
                title = step.title
                narrator.step(index, len(STEPS), title)
                step.run(scene)
    except (DemoFailedError, LocalAwsError, BotoCoreError, ClientError, OSError) as error:
        narrator.end(f"The demo FAILED in the step '{title}': {error}", succeeded=False)
        narrator.say("The end of the local AWS's log:")
        for line in local_aws.log_tail():
            narrator.say(line)
        return 1
    except KeyboardInterrupt:
        narrator.end("Interrupted: everything is being stopped.", succeeded=False)
        return 128 + signal.SIGINT
    finally:
        local_aws.stop()
    narrator.end("The demo is over: every check held.", succeeded=True)
    narrator.show(Group(summary(scene.journeys), "", what_next()))
    return 0
