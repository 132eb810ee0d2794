"""What an acceptance run reads of the provider's ledger, and of the numbers of the account."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import boto3
import pytest

from acceptance.account import Account
from acceptance.stacks import AcceptanceStacks
from lambda_handlers.connect_phone_number import contract

from .numbers import ARN, TARGET, FakeClient, Response, error

TABLE: Final[Response] = {
    "StackResources": [
        {"ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": "queue"},
        {"ResourceType": "AWS::DynamoDB::Table", "PhysicalResourceId": "ledger"},
    ]
}


class Paginator:
    """Pages of a list of responses."""

    def __init__(self, pages: list[Any]) -> None:
        self._pages = pages

    def paginate(self, **parameters: Any) -> Iterator[Any]:
        for page in self._pages:
            if isinstance(page, Exception):
                raise page
            yield page(parameters) if callable(page) else page


class Session:
    """Hands out prepared clients."""

    def __init__(self, **clients: Any) -> None:
        self._clients = clients
        self.made: list[tuple[str, dict[str, Any]]] = []

    def client(self, service: str, **arguments: Any) -> Any:
        self.made.append((service, arguments))
        return self._clients.get(service, FakeClient())


class Paged(FakeClient):
    """A client with a paginator, whatever the operation is."""

    def __init__(self, *pages: Any) -> None:
        super().__init__()
        self._pages = list(pages)

    def get_paginator(self, _: str) -> Paginator:
        return Paginator(self._pages)


def stacks_of(tmp_path: Path, **clients: Any) -> tuple[AcceptanceStacks, Session]:
    session = Session(**clients)
    return AcceptanceStacks(cast(boto3.Session, session), {}, tmp_path, "abc"), session


def claim(**attributes: Any) -> dict[str, Any]:
    return {"claimed_at": {"N": "1700000000"}, **attributes}


def test_ledger_tells_when_a_number_was_claimed_and_whether_its_adoption_is_complete(tmp_path: Path) -> None:
    first, adopted = claim(), claim(claimed_at={"N": "1700000300"}, established={"BOOL": False})
    asked: list[dict[str, Any]] = []

    def page(parameters: dict[str, Any]) -> Response:
        asked.append(parameters)
        return {"Items": [first, adopted]}

    cloudformation = FakeClient(describe_stack_resources=[TABLE])
    stacks, _ = stacks_of(tmp_path, cloudformation=cloudformation, dynamodb=Paged(page))
    assert stacks.claimed_at(ARN) == 1_700_000_000
    assert stacks.is_established(ARN) is False
    adopted["established"] = {"BOOL": True}
    assert stacks.is_established(ARN) is True
    assert asked[0]["TableName"] == "ledger"
    assert asked[0]["ConsistentRead"]
    assert cloudformation.calls[0][1] == {"StackName": "PhoneNumberAcceptance-abc-Provider"}


@pytest.mark.parametrize(
    ("resources", "pages"),
    [
        (error("AccessDenied"), []),
        ({"StackResources": []}, []),
        (TABLE, [error("AccessDeniedException")]),
    ],
)
def test_ledger_that_cannot_be_read_tells_nothing(tmp_path: Path, resources: Response, pages: list[Any]) -> None:
    stacks, _ = stacks_of(
        tmp_path, cloudformation=FakeClient(describe_stack_resources=[resources]), dynamodb=Paged(*pages)
    )
    assert stacks.claimed_at(ARN) is None
    assert stacks.is_established(ARN) is None


def test_ledger_that_does_not_know_the_number(tmp_path: Path) -> None:
    stacks, _ = stacks_of(
        tmp_path, cloudformation=FakeClient(describe_stack_resources=[TABLE]), dynamodb=Paged({"Items": []})
    )
    assert stacks.claimed_at(ARN) is None
    assert stacks.is_established(ARN) is False


def test_role_is_assumed_for_a_client_of_its_own(tmp_path: Path) -> None:
    credentials = {"AccessKeyId": "key", "SecretAccessKey": "secret", "SessionToken": "token"}
    sts = FakeClient(assume_role=[{"Credentials": credentials}])
    stacks, session = stacks_of(tmp_path, sts=sts, connect="the client")
    assert stacks.connect_of_role("role") == "the client"
    assert session.made[-1] == (
        "connect",
        {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "aws_session_token": "token"},
    )
    assert sts.calls[0][1]["RoleArn"] == "role"


def test_outputs_and_existence_of_stacks(tmp_path: Path) -> None:
    outputs = [{"OutputKey": "TaggerArn", "OutputValue": "role"}]
    there: Response = {"Stacks": [{"StackId": "1", "Outputs": outputs}]}
    stacks, _ = stacks_of(tmp_path, cloudformation=FakeClient(describe_stacks=[there]))
    assert stacks.probe_output("TaggerArn") == "role"
    assert stacks.exists(stacks.probes)
    missing, _ = stacks_of(tmp_path, cloudformation=FakeClient(describe_stacks=[error("ValidationError")]))
    assert not missing.exists(missing.probes)


def test_numbers_of_a_group_are_found_where_the_group_is_named() -> None:
    group = TARGET.replace(":instance/", ":traffic-distribution-group/")
    known, other = f"{ARN}0", f"{ARN}1"
    tags = {ARN: "arn:aws:cloudformation:eu-west-2:1:stack/Mine/1"}

    def page(parameters: dict[str, Any]) -> Response:
        listed = [known, other, ARN] if parameters == {"TargetArn": group} else [known]
        return {"ListPhoneNumbersSummaryList": [{"PhoneNumberArn": arn} for arn in listed]}

    class Connect(Paged):
        def describe_phone_number(self, **parameters: Any) -> Response:
            tag = tags.get(parameters["PhoneNumberId"], "")
            return {"ClaimedPhoneNumberSummary": {"Tags": {contract.STACK_TAG: tag}}}

    account = Account(cast(boto3.Session, Session(connect=Connect(page))))
    assert account.held(group) == {known, other, ARN}
    assert account.numbers_of("Mine", group, frozenset({known})) == [ARN]
