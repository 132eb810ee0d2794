"""What type checkers say of a user's program: a right one passes in strict mode, each wrong line is found."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

_REPOSITORY: Final = Path(__file__).resolve().parents[3]
_MARK: Final = "# wrong"
_RIGHT_NAME: Final = "right.py"
_WRONG_NAME: Final = "wrong.py"

_RIGHT: Final = """\
import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns

from cdk_connect_phone_number import (
    IPhoneNumber,
    IPhoneNumberProvider,
    PhoneNumber,
    PhoneNumberProvider,
    PhoneNumberType,
)

app = cdk.App()
stack = cdk.Stack(app, "Stack")
provider: IPhoneNumberProvider = PhoneNumberProvider(
    stack,
    "Provider",
    target_arns=["arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"],
    encryption_key=kms.Key(stack, "Key"),
    alarm_topic=sns.Topic(stack, "Topic"),
    log_retention=logs.RetentionDays.ONE_YEAR,
    memory_size=256,
)
number: IPhoneNumber = PhoneNumber(
    stack,
    "Line",
    target_arn="arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555",
    country_code="US",
    type=PhoneNumberType.TOLL_FREE,
    removal_policy=cdk.RemovalPolicy.RETAIN,
    timeout=cdk.Duration.minutes(30),
    provider=provider,
)
role = iam.Role.from_role_name(stack, "Role", "support")
number.grant(role, "connect:DescribePhoneNumber")
text: str = number.phone_number + number.phone_number_arn
imported: IPhoneNumber = PhoneNumber.from_phone_number_arn(stack, "Other", number.phone_number_arn)
cdk.Tags.of(stack).add("team", "support")
"""

_WRONG: Final = f"""\
import aws_cdk as cdk

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumber, PhoneNumberProvider, PhoneNumberType

stack = cdk.Stack()
provider: IPhoneNumberProvider = PhoneNumberProvider(stack, "Provider")
PhoneNumber(stack, "A", target_arn="arn", country_code=1)  {_MARK}
PhoneNumber(stack, "B", target_arn="arn", country_code="US", type=7)  {_MARK}
PhoneNumber(stack, "C", target_arn="arn", country_code="US", timeout=3600)  {_MARK}
PhoneNumber(stack, "D", target_arn="arn", country_code="US", removal_policy="retain")  {_MARK}
PhoneNumber(stack, "E", target_arn="arn", country_code="US", adopt="true")  {_MARK}
PhoneNumber(stack, "F", target_arn="arn", country_code="US", provider=provider.service_token)  {_MARK}
PhoneNumber(stack, "G", target_arn="arn", country="US")  {_MARK}
PhoneNumber(stack, "H", target=stack, country_code="US")  {_MARK}
PhoneNumber(stack, "I", "arn")  {_MARK}
PhoneNumberProvider(stack, "J", memory_size="256")  {_MARK}
PhoneNumberProvider(stack, "K", encryption_key="arn:aws:kms")  {_MARK}
PhoneNumberProvider(stack, "M", target_arns=[7])  {_MARK}
PhoneNumber.from_phone_number_arn(stack, "L", 5)  {_MARK}
kind: PhoneNumberType = PhoneNumberType.LOCAL  {_MARK}
"""


def _mypy(folder: Path) -> str:
    # With the project's own settings, so that what mypy knows of aws-cdk-lib from checking the project is used.
    return _run([sys.executable, "-m", "mypy", folder / _RIGHT_NAME, folder / _WRONG_NAME])


def _pyright(folder: Path) -> str:
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(_REPOSITORY)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    pyright = _REPOSITORY / "node_modules" / ".bin" / "pyright"
    return _run([pyright, "--pythonpath", sys.executable, "--project", folder])


def _run(command: Sequence[str | Path]) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
    return subprocess.run(
        command, cwd=_REPOSITORY, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    ).stdout


@pytest.mark.parametrize("checker", [_mypy, _pyright], ids=["mypy", "pyright"])
def test_right_program_passes_and_each_wrong_line_is_found(checker: Callable[[Path], str], tmp_path: Path) -> None:
    (tmp_path / _RIGHT_NAME).write_text(_RIGHT)
    (tmp_path / _WRONG_NAME).write_text(_WRONG)
    expected = [(_WRONG_NAME, n) for n, line in enumerate(_WRONG.splitlines(), 1) if line.endswith(_MARK)]

    output = checker(tmp_path)

    found = re.findall(r"(\w+\.py):(\d+):.*\berror\b", output)
    assert sorted({(name, int(line)) for name, line in found}) == expected, output
