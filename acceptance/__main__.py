"""Runs the lifecycle of one number on real AWS: ``make acceptance``. Exit code 0 means that all was as expected."""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import boto3
import botocore
from botocore.exceptions import BotoCoreError, ClientError

from .account import Account
from .asking import Asker
from .catalog import all_probes
from .conversation import RefusedError, agree
from .lifecycle import Lifecycle, Plan, SurpriseError
from .probes import Probing
from .record import DEFAULT_PATH, Record, header_of, problem_with
from .sightings import Sightings
from .stacks import AcceptanceStacks

_SURPRISED: Final = 1
_REFUSED: Final = 2

_AWS_FAILS_FOR_SECONDS: Final = 45
_LOCAL_FAILS_FOR_SECONDS: Final = 2
_LOCAL_HASTE: Final = 5
"""By how much the probes' pauses are shorter where nothing is far away."""
"""MiniStack retries after a second."""


def main(arguments: list[str] | None = None) -> int:
    """Ask, run, clean up, and report."""
    options = _options(arguments)
    record_path: Path | None = None if options.no_probes else options.record
    try:
        if record_path is not None and (problem := problem_with(record_path)):
            raise RefusedError(problem)
        plan = agree(
            os.environ,
            input,
            print,
            lambda region: Account(boto3.Session(region_name=region)),
            None if record_path is None else str(record_path),
        )
        plan = replace(plan, waits_for_sweep=not options.no_wait)
    except (RefusedError, BotoCoreError, ClientError, EOFError) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return _REFUSED
    region = plan.target_arn.split(":")[3]
    session = boto3.Session(region_name=region)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        header = _header(session, plan)
        seconds = _AWS_FAILS_FOR_SECONDS if header["is_of_aws"] else _LOCAL_FAILS_FOR_SECONDS
        stacks = AcceptanceStacks(session, environment, Path(folder), uuid4().hex[:8], fails_for_seconds=seconds)
        probing: Callable[[frozenset[str]], Probing] | None = None
        if record_path is not None:
            record = Record(record_path, header, tuple(_secrets(session)), _stack_names(stacks))
            haste = 1 if header["is_of_aws"] else _LOCAL_HASTE
            probing = _probing(plan, session, stacks, record, options.contact_flow, haste)
        lifecycle = Lifecycle(plan, Account(session), stacks, print, time.sleep, probing)
        surprise: BaseException | None = None
        try:
            lifecycle.run()
        except (SurpriseError, BotoCoreError, ClientError, KeyboardInterrupt) as error:
            surprise = error
            sys.stderr.write(f"SURPRISE, so nothing more is tried: {type(error).__name__} {error}\n")
        left = lifecycle.clean_up()
        lifecycle.finish(
            "All was as expected." if surprise is None else f"{type(surprise).__name__} at: {lifecycle.step}"
        )
    if record_path is not None:
        sys.stdout.write(f"What AWS has answered to the probes is in {record_path}.\n")
    for thing in left:
        sys.stderr.write(f"LEFT BEHIND: {thing}\n")
    if surprise is not None or left:
        return _SURPRISED
    sys.stdout.write("All was as expected. Nothing is left.\n")
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m acceptance", description=__doc__)
    parser.add_argument(
        "--record", type=Path, default=DEFAULT_PATH, help="the file for the responses (default: %(default)s)"
    )
    parser.add_argument("--no-probes", action="store_true", help="run the lifecycle alone, and record nothing")
    parser.add_argument(
        "--no-wait",
        action="store_true",
        help="release the adopted number before the provider's sweep has seen that its stack is complete",
    )
    parser.add_argument(
        "--contact-flow",
        default="",
        metavar="ARN",
        help="the flow that is associated with the number for a moment (default: one of the instance)",
    )
    return parser.parse_args(arguments)


def _probing(
    plan: Plan, session: boto3.Session, stacks: AcceptanceStacks, record: Record, contact_flow_arn: str, haste: int
) -> Callable[[frozenset[str]], Probing]:
    # boto3's "client" has an overload for each service, but the service's name is not known here.
    any_session: Any = session
    clients: dict[str, Any] = {}

    def client_of(service: str) -> Any:
        if service not in clients:
            clients[service] = any_session.client(service)
        return clients[service]

    def make(known_before: frozenset[str]) -> Probing:
        return Probing(
            all_probes(stacks),
            record,
            client_of=client_of,
            clock=time.time,
            sleep=lambda seconds: time.sleep(seconds / haste),
            say=print,
            # A separate client, because it is used in its own thread.
            sightings=Sightings(
                Asker(lambda service: any_session.client(service), time.time, time.sleep),
                known_before,
                plan.target_arn,
            ),
            contact_flow_arn=contact_flow_arn,
            may_repeat_claims=plan.may_repeat_claims,
        )

    return make


def _header(session: boto3.Session, plan: Plan) -> dict[str, Any]:
    return header_of(
        endpoint_url=session.client("connect").meta.endpoint_url,
        target_arn=plan.target_arn,
        country_code=plan.country_code,
        type=plan.type,
        day=datetime.now(UTC).date().isoformat(),
        versions={"python": platform.python_version(), "boto3": boto3.__version__, "botocore": botocore.__version__},
    )


def _secrets(session: boto3.Session) -> Iterator[str]:
    """Yield the values that must not be in a record, whatever an error message contains."""
    credentials = session.get_credentials()
    if credentials is not None:
        frozen = credentials.get_frozen_credentials()
        yield from (secret for secret in (frozen.access_key, frozen.secret_key, frozen.token) if secret)


def _stack_names(stacks: AcceptanceStacks) -> dict[str, str]:
    return {stacks.provider: "provider-stack", stacks.number: "number-stack", stacks.probes: "probe-stack"}


if __name__ == "__main__":
    sys.exit(main())
