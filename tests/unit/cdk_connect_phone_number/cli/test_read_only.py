"""The guard: no client of the command can change anything, but the one that releases an orphan."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.loaders import Loader
from policy_sentry.querying.actions import get_action_data

import cdk_connect_phone_number.cli as cli
from cdk_connect_phone_number.cli.read_only import ChangeRefused, is_read

from .aws import Aws

CODE: Final = Path(cli.__file__).parent
SERVICES: Final = (
    "cloudformation",
    "cloudwatch",
    "connect",
    "dynamodb",
    "events",
    "iam",
    "lambda",
    "logs",
    "service-quotas",
    "sqs",
    "ssm",
)
PREFIXES: Final = {"service-quotas": "servicequotas"}


def sources() -> dict[str, str]:
    return {path.relative_to(CODE).as_posix(): path.read_text() for path in sorted(CODE.rglob("*.py"))}


def test_change_is_refused_before_it_is_called(aws: Aws) -> None:
    client = aws.place().client("connect")
    calls = len(aws.calls)

    with pytest.raises(ChangeRefused, match="connect:ReleasePhoneNumber may change something"):
        client.release_phone_number(PhoneNumberId="some-number")
    with pytest.raises(ChangeRefused):
        client.generate_presigned_url("release_phone_number", {"PhoneNumberId": "some-number"})
    assert len(aws.calls) == calls


def test_releasing_client_does_nothing_else(aws: Aws) -> None:
    arn = aws.world.claimed_by_hand("+12065550150")
    client = aws.place().releasing_client()

    with pytest.raises(ChangeRefused):
        client.tag_resource(resourceArn=arn, tags={"a": "b"})
    client.release_phone_number(PhoneNumberId=arn)
    assert aws.world.held() == []


@pytest.mark.parametrize("service", SERVICES)
def test_what_counts_as_a_read_is_one_for_iam(service: str) -> None:
    """Compare with the service authorization reference, which knows most of the operations as actions."""
    loader = Loader()
    model: dict[str, Any] = loader.load_service_model(service, "service-2")
    levels: dict[str, str] = {}
    for operation in filter(is_read, model["operations"]):
        prefix = PREFIXES.get(service, service)
        found: Any = get_action_data(prefix, operation)
        if found:
            levels[operation] = found[prefix][0]["access_level"]

    assert len(levels) > 3
    assert {name: level for name, level in levels.items() if level not in ("Read", "List")} == {}


def test_only_release_orphan_may_release() -> None:
    users = {name for name, text in sources().items() if "releasing_client" in text}

    assert users == {"places.py", "orphans.py"}
    importers = {name for name, text in sources().items() if re.search(r"import .*\brelease\b", text)}
    assert importers == {"commands/release_orphan.py"}


def test_only_places_makes_clients() -> None:
    """A client that somebody else makes would have no guard."""
    makers = {
        name for name, text in sources().items() if re.search(r"boto3\.(client|resource)|session\)?\.client", text)
    }

    assert makers == {"places.py"}
    unguarded = re.findall(r"_sts\(\w+, [^)]+\)\.(\w+)|\bsts\.(\w+)\(", sources()["places.py"])
    assert {name for pair in unguarded for name in pair if name} == {"get_caller_identity", "assume_role"}
