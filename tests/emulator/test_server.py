"""The emulator as a server: in threads, and as a program of its own."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from .conftest import REGION, Service, claim, client_of, numbers_of

ROOT = Path(__file__).parents[2]


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "local_aws.connect_emulator", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_program_answers_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    ready = tmp_path / "ready"
    with start("--ready-file", str(ready), "--settings", '{"account_id": "123456789012"}') as program:
        try:
            assert program.stdout is not None
            url = program.stdout.readline().strip()
            assert numbers_of(client_of(url, REGION, "test").list_phone_numbers_v2()) == []
        finally:
            program.send_signal(number)
        assert program.wait(timeout=10) == 0
    assert ready.read_text() == url


def test_settings_that_make_no_sense() -> None:
    with start("--settings", '{"quota": "many"}') as program:
        assert program.wait(timeout=10) != 0


def test_of_many_claims_at_once_one_wins(service: Service, target_arn: str) -> None:
    connect = service.client()

    def claim_it(_: int) -> bool:
        try:
            claim(connect, target_arn, PhoneNumber="+12065550100")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as executor:
        assert sum(executor.map(claim_it, range(16))) == 1
    assert len(service.emulator.numbers()) == 1
