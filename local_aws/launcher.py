"""Starts a local AWS: MiniStack for all services except Amazon Connect, and this project's emulator for Connect.

Both listen on free ports of the loopback interface, store their data in a temporary folder, and end with the process
that started them (``process_guard`` ensures this). Tests and the demo therefore need no setup, leave nothing behind,
and can run side by side.
"""

import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Self

import boto3

from .connect_control import ConnectControl
from .custom_resource_record import CustomResourceRecord, CustomResourceRequest
from .process_guard import REPOSITORY, GuardedProcess

ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"
INSTANCE_ID: Final = "11111111-2222-3333-4444-555555555555"
INSTANCE_ARN: Final = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/{INSTANCE_ID}"
"""The Amazon Connect instance that exists from the start. The ``target_arn`` in cdk.json names it."""

_PHONE_NUMBER_TYPE: Final = "Custom::ConnectPhoneNumber"
_HOST: Final = "127.0.0.1"
_START_SECONDS: Final = 60.0
_TAIL_LINES: Final = 20
_PORT_ATTEMPTS: Final = 3
_OWN_ENVIRONMENT: Final = REPOSITORY / ".venv" / "ministack" / "bin" / "python"
_MINISTACK_ARGUMENTS: Final = [
    str(Path(__file__).parent / name) for name in ("source_patches.py", "upstream", "ministack_server.py")
]


class LocalAwsError(Exception):
    """The local AWS could not be started. The text says why and what to do."""


class LocalAws:
    """A local AWS that runs from ``start`` to ``stop``, or within a ``with`` statement.

    Attributes
    ----------
    environment : dict[str, str]
        A complete environment for programs that use the local AWS: that of this process without its AWS
        settings, and with the endpoints, Region, and credentials of the local AWS.
    connect : ConnectControl
        Control of the emulated Amazon Connect.
    record : CustomResourceRecord
        What CloudFormation has sent for custom resources, and the responses.
    log : Path
        MiniStack's log.

    Raises
    ------
    LocalAwsError
        From ``start``, if a server does not start.
    """

    environment: dict[str, str]
    connect: ConnectControl

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="local-aws-"))
        self.log = self._folder / "ministack.log"
        self._record_path = self._folder / "custom-resources.jsonl"
        self.record = CustomResourceRecord(self._record_path)
        self._programs: list[GuardedProcess] = []

    def start(self) -> Self:
        """Start the servers and return once they respond."""
        try:
            connect_url = self._start_connect()
            self.connect = ConnectControl(connect_url)
            # A flow must exist, as in Connect; an AWS::Connect::ContactFlow creates one.
            self.connect.call("POST", "settings", accept_unknown_flows=False)
            self.connect.call("POST", "instances", region=REGION, instance_id=INSTANCE_ID)
            ministack_url = self._start_ministack(connect_url)
            self.environment = _client_environment(ministack_url, connect_url)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the servers and everything that they have started, and remove their data."""
        while self._programs:
            self._programs.pop().stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def variables(self) -> dict[str, str]:
        """Return the variables of ``environment`` that this process's environment lacks or sets differently."""
        return {name: value for name, value in sorted(self.environment.items()) if os.environ.get(name) != value}

    def session(self) -> boto3.Session:
        """Return a session. Its clients need ``endpoint_url`` to reach the local AWS."""
        return boto3.Session(
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )

    @property
    def endpoint_url(self) -> str:
        """The endpoint of all services except Amazon Connect."""
        return self.environment["AWS_ENDPOINT_URL"]

    def phone_number_requests(self, request_type: str | None = None) -> list[CustomResourceRequest]:
        """Return the requests that CloudFormation has sent for phone numbers, the oldest first.

        Parameters
        ----------
        request_type : str or None
            ``Create``, ``Update``, or ``Delete``. Default ``None``: any.
        """
        return [
            request
            for request in self.record.requests()
            if request.event["ResourceType"] == _PHONE_NUMBER_TYPE
            and request_type in (None, request.event["RequestType"])
        ]

    def log_tail(self) -> list[str]:
        """Return the last lines of MiniStack's log; an empty list before ``start`` and after ``stop``."""
        return self.log.read_text().splitlines()[-_TAIL_LINES:] if self.log.exists() else []

    def _start_connect(self) -> str:
        program = GuardedProcess(
            [sys.executable, "-m", "local_aws.connect_emulator"],
            _server_environment(),
            output=subprocess.PIPE,
        )
        self._programs.append(program)
        # The first line is the emulator's URL, or the beginning of the error message if the emulator fails to start.
        line = program.output.readline().strip()
        if not line.startswith("http://"):
            rest = program.output.read()
            raise LocalAwsError(f"the Connect emulator did not start:\n{line}\n{rest}")
        return line

    def _start_ministack(self, connect_url: str) -> str:
        python = _ministack_python()
        for _ in range(_PORT_ATTEMPTS):
            port = _free_port()
            url = f"http://{_HOST}:{port}"
            program = self._run_ministack(python, url, port, connect_url)
            if _responses(f"{url}/_ministack/ready", program):
                return url
            # Another program has probably taken the same port. Use another one.
            self._programs.remove(program)
            program.stop()
        raise LocalAwsError("MiniStack did not start. The end of its log:\n" + "\n".join(self.log_tail()))

    def _run_ministack(self, python: str, url: str, port: int, connect_url: str) -> GuardedProcess:
        scratch = self._folder / "tmp"
        scratch.mkdir(exist_ok=True)
        environment = _client_environment(url, connect_url) | {
            "BIND_HOST": _HOST,
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": _HOST,
            "MINISTACK_REGION": REGION,
            "LAMBDA_EXECUTOR": "local",
            # Docker is not needed, and MiniStack must not look for it.
            "DOCKER_HOST": f"unix://{self._folder}/no-docker",
            # MiniStack's CloudFormation shows everything at once, so the provider's function need not wait for that.
            "SETTLING_SECONDS": "0",
            "S3_DATA_DIR": str(self._folder / "s3"),
            "STATE_DIR": str(self._folder / "state"),
            "TMPDIR": str(scratch),
        }
        # Functions inherit the environment, and must not see this project's modules.
        environment.pop("PYTHONPATH", None)
        with self.log.open("a") as log:
            program = GuardedProcess(
                [python, *_MINISTACK_ARGUMENTS, str(self._record_path)],
                environment,
                output=log,
                folder=self._folder,
                remove=self._folder,
            )
        self._programs.append(program)
        return program


def _ministack_python() -> str:
    """Return the Python that has MiniStack: a clone has an environment for it, a package the extra ``local``."""
    if _OWN_ENVIRONMENT.exists():
        return str(_OWN_ENVIRONMENT)
    if find_spec("ministack") is not None:
        return sys.executable
    raise LocalAwsError(
        "MiniStack is not installed. In a clone, run: make set-up. Elsewhere, install the package with its extra: "
        "pip install 'cdk-connect-phone-number[local]'"
    )


def _server_environment() -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_DEFAULT_"))}
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in environment.get(name, "").split(",") if host]
        environment[name] = ",".join(dict.fromkeys([*hosts, _HOST, "localhost"]))
    return environment


def _client_environment(ministack_url: str, connect_url: str) -> dict[str, str]:
    return _server_environment() | {
        "AWS_ENDPOINT_URL": ministack_url,
        "AWS_ENDPOINT_URL_CONNECT": connect_url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # No profile of the user may lead to another account.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _responses(url: str, program: GuardedProcess) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_SECONDS
    while program.exit_code() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), opener.open(url, timeout=5):
            return True
        time.sleep(0.05)
    return False


def export_lines(variables: Mapping[str, str]) -> list[str]:
    """Return lines for a shell that set ``variables`` and unset those that would lead elsewhere."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return [*exports, "unset AWS_PROFILE AWS_SESSION_TOKEN"]
