"""Runs the lifecycle of one number on real AWS: ``make acceptance``. Exit code 0 means that all was as expected."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Final
from uuid import uuid4

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from .account import Account
from .conversation import RefusedError, agree
from .lifecycle import Lifecycle, SurpriseError
from .stacks import AcceptanceStacks

_SURPRISED: Final = 1
_REFUSED: Final = 2


def main() -> int:
    """Ask, run, clean up, and tell."""
    try:
        plan = agree(os.environ, input, print, lambda region: Account(boto3.Session(region_name=region)))
    except (RefusedError, BotoCoreError, ClientError, EOFError) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return _REFUSED
    region = plan.target_arn.split(":")[3]
    session = boto3.Session(region_name=region)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        stacks = AcceptanceStacks(session, environment, Path(folder), uuid4().hex[:8])
        lifecycle = Lifecycle(plan, Account(session), stacks, print)
        surprise: BaseException | None = None
        try:
            lifecycle.run()
        except (SurpriseError, BotoCoreError, ClientError, KeyboardInterrupt) as error:
            surprise = error
            sys.stderr.write(f"SURPRISE, so nothing more is tried: {type(error).__name__} {error}\n")
        left = lifecycle.clean_up()
    for thing in left:
        sys.stderr.write(f"LEFT BEHIND: {thing}\n")
    if surprise is not None or left:
        return _SURPRISED
    sys.stdout.write("All was as expected. Nothing is left.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
