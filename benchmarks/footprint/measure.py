"""Measures the function while it claims and releases a number in its own process, against local servers."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cdk_connect_phone_number.phone_number_provider import DEFAULT_MEMORY_SIZE
from docs.tools.pages import ROOT
from docs.tools.sections import VERIFICATION, write_section
from local_aws.connect_emulator import ConnectEmulator, Settings
from local_aws.connect_emulator.server import EmulatorServer
from verification.crash_tests.invocation import REGION, TABLE_NAME
from verification.crash_tests.servers import LedgerServer, ResponseBox

_ENOUGH: Final = 2
"""The factor by which the function's memory must exceed the measured memory: Lambda's own processes need some, too."""


@dataclass(frozen=True)
class Measure:
    """The resources that the process has used up to a moment.

    Parameters
    ----------
    peak_mib
        The peak of its memory, in MiB.
    cpu_seconds
        Its CPU time, in seconds.
    """

    what: str
    peak_mib: float
    cpu_seconds: float


def measure() -> list[Measure]:
    """Let the function create and delete a number. Return the resources used up to each step.

    Raises
    ------
    RuntimeError
        If the function has not answered SUCCESS.
    """
    emulator = ConnectEmulator(settings=Settings(throttling=False, claim_seconds=0.0))
    instance = emulator.add_instance(REGION)
    responses: list[Any] = []

    def take(_: str, response: Any) -> int:
        responses.append(response)
        return 200

    connect = EmulatorServer(emulator)
    connect.start()
    try:
        with LedgerServer() as ledger, ResponseBox(take) as box:
            create = _event("Create", f"{box.url}/create", instance)
            measures = _run(create, connect.url, ledger.url)
            arn = responses[-1]["PhysicalResourceId"]
            delete = {**_event("Delete", f"{box.url}/delete", instance), "PhysicalResourceId": arn}
            measures += _run(delete, connect.url, ledger.url)[-1:]
    finally:
        connect.stop()
    if [response["Status"] for response in responses] != ["SUCCESS", "SUCCESS"]:
        raise RuntimeError(f"not measured: the function has answered {responses}")
    return measures


def table(measures: list[Measure]) -> str:
    """Return a Markdown table of the measurements."""
    lines = ["| The function's process | Peak memory, MiB | CPU time, s |", "| --- | ---: | ---: |"]
    lines += [f"| {one.what} | {one.peak_mib:.0f} | {one.cpu_seconds:.2f} |" for one in measures]
    return "\n".join(lines)


def report(*, writes: bool) -> bool:
    """Print the measurements. Return whether the function's default memory is enough."""
    measures = measure()
    peak = max(one.peak_mib for one in measures)
    text = (
        f"{table(measures)}\n\nThe function has {DEFAULT_MEMORY_SIZE} MiB by default: "
        f"{DEFAULT_MEMORY_SIZE / peak:.1f} times its peak. Measured on {sys.platform} with Python "
        f"{sys.version_info.major}.{sys.version_info.minor}, not in Lambda.\n"
    )
    sys.stdout.write(text + "\n")
    if writes:
        write_section(VERIFICATION, "Memory and start", f"`make bench`.\n\n{text}")
    return peak * _ENOUGH <= DEFAULT_MEMORY_SIZE


def _event(type: str, url: str, target_arn: str) -> dict[str, Any]:
    return {
        "RequestType": type,
        "ResponseURL": url,
        "StackId": f"arn:aws:cloudformation:{REGION}:000000000000:stack/bench/1",
        "RequestId": type,
        "LogicalResourceId": "Number",
        "ResourceType": "Custom::ConnectPhoneNumber",
        "ResourceProperties": {"TargetArn": target_arn, "CountryCode": "US"},
    }


def _run(event: dict[str, Any], connect_url: str, ledger_url: str) -> list[Measure]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "lambda_handlers"),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL_CONNECT": connect_url,
        "AWS_ENDPOINT_URL_DYNAMODB": ledger_url,
        "LEDGER_TABLE_NAME": TABLE_NAME,
        "PROVIDER_ID": "provider",
    }
    program = Path(__file__).with_name("invocation.py")
    done = subprocess.run(
        [sys.executable, str(program), "connect_phone_number.handler.on_event"],
        input=json.dumps(event),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"not measured: {done.stderr}")
    return [Measure(**json.loads(line)) for line in done.stderr.splitlines() if line.startswith('{"what"')]
