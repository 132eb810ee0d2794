from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from moto import mock_aws

from lambda_handlers.connect_phone_number.ledger.dynamodb import DynamoDBStore
from lambda_handlers.connect_phone_number.ledger.items import Head, encode
from lambda_handlers.connect_phone_number.ledger.store import Conflict, Item, StoreUnavailable, Write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "ledger"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> "Iterator[DynamoDBClient]":
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
                {"AttributeName": "due", "AttributeType": "S"},
                {"AttributeName": "due_at", "AttributeType": "N"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "due",
                    "KeySchema": [
                        {"AttributeName": "due", "KeyType": "HASH"},
                        {"AttributeName": "due_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        yield client


@pytest.fixture
def store(client: "DynamoDBClient") -> DynamoDBStore:
    return DynamoDBStore(client, TABLE)


def _item(sk: str, version: int, pk: str = "p", **attributes: Any) -> Item:
    return {"pk": pk, "sk": sk, "version": version, **attributes}


def _put(sk: str, expected: int, pk: str = "p", **attributes: Any) -> Write:
    return Write((pk, sk), _item(sk, expected + 1, pk, **attributes), expected)


def test_get_what_is_not_there(store: DynamoDBStore) -> None:
    assert store.get(("p", "s")) is None


def test_values_come_back_with_their_types(store: DynamoDBStore) -> None:
    values: Item = {
        "text": "x",
        "empty": "",
        "number": 7,
        "yes": True,
        "list": ["a", 1, []],
        "map": {"a": 1, "b": {"c": ["d"]}, "e": {}},
    }
    store.write([_put("s", 0, **values)])
    assert store.get(("p", "s")) == _item("s", 1, **values)
    found = store.get(("p", "s"))
    assert found is not None
    assert (type(found["number"]), type(found["map"]["a"]), type(found["yes"])) == (int, int, bool)


def test_an_entry(store: DynamoDBStore) -> None:
    head = Head("arn:stack", "Number", watermark=5, generation=2)
    store.write([Write(head.key, encode(head), 0)])
    assert store.get(head.key) == encode(head)


def test_what_is_there_is_not_made_again(store: DynamoDBStore) -> None:
    store.write([_put("s", 0, by="one")])
    with pytest.raises(Conflict):
        store.write([_put("s", 0, by="two")])
    assert store.get(("p", "s")) == _item("s", 1, by="one")


def test_what_was_read_is_changed(store: DynamoDBStore) -> None:
    store.write([_put("s", 0, by="one")])
    store.write([_put("s", 1, by="two")])
    assert store.get(("p", "s")) == _item("s", 2, by="two")


@pytest.mark.parametrize("expected", [1, 3])
def test_what_has_changed_since_it_was_read_is_left_alone(store: DynamoDBStore, expected: int) -> None:
    store.write([_put("s", 0)])
    store.write([_put("s", 1)])
    with pytest.raises(Conflict):
        store.write([_put("s", expected)])
    assert store.get(("p", "s")) == _item("s", 2)


def test_what_is_gone_is_not_changed(store: DynamoDBStore) -> None:
    with pytest.raises(Conflict):
        store.write([_put("s", 1)])
    assert store.get(("p", "s")) is None


def test_delete(store: DynamoDBStore) -> None:
    store.write([_put("s", 0)])
    with pytest.raises(Conflict):
        store.write([Write(("p", "s"), None, 2)])
    store.write([Write(("p", "s"), None, 1)])
    assert store.get(("p", "s")) is None
    with pytest.raises(Conflict):
        store.write([Write(("p", "s"), None, 1)])


def test_all_writes_or_none(store: DynamoDBStore) -> None:
    store.write([_put("old", 0)])
    with pytest.raises(Conflict):
        store.write([_put("new", 0), _put("old", 5), Write(("p", "old2"), None, 0)])
    assert [item["sk"] for item in store.query("p")] == ["old"]
    store.write([_put("new", 0), _put("old", 1), _put("other", 0, pk="q")])
    assert [item["sk"] for item in store.query("p")] == ["new", "old"]
    assert store.get(("q", "other")) is not None


def test_query_reads_one_partition(store: DynamoDBStore) -> None:
    store.write([_put("a", 0), _put("b", 0), _put("c", 0, pk="q")])
    assert [item["sk"] for item in store.query("p")] == ["a", "b"]
    assert store.query("nothing") == []


def test_query_reads_all_pages(store: DynamoDBStore) -> None:
    # A page ends at one megabyte.
    for index in range(4):
        store.write([_put(f"s{index}", 0, text="x" * 350_000)])
    assert [item["sk"] for item in store.query("p")] == ["s0", "s1", "s2", "s3"]


def test_the_index_gives_what_is_due_oldest_first(store: DynamoDBStore) -> None:
    store.write(
        [
            _put("late", 0, due="DUE", due_at=300),
            _put("early", 0, due="DUE", due_at=100),
            _put("middle", 0, pk="q", due="DUE", due_at=200),
            _put("live", 0, due="LIVE", due_at=50),
            _put("none", 0),
        ]
    )
    assert store.index("DUE", 200) == [("p", "early"), ("q", "middle")]
    assert store.index("DUE", 99) == []
    assert store.index("DUE", None) == [("p", "early"), ("q", "middle"), ("p", "late")]
    assert store.index("LIVE", None) == [("p", "live")]


def test_what_is_no_longer_due_leaves_the_index(store: DynamoDBStore) -> None:
    store.write([_put("s", 0, due="DUE", due_at=100)])
    store.write([_put("s", 1)])
    assert store.index("DUE", None) == []


class _Failing:
    """A client whose every call fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, method: str) -> Any:
        def call(**_: Any) -> Any:
            raise self._error

        return call


def _failing(error: Exception) -> DynamoDBStore:
    client: Any = _Failing(error)
    return DynamoDBStore(client, TABLE)


def _error(code: str, *reasons: str) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "said"}}
    if reasons:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(response, "Operation")


def _call_each(store: DynamoDBStore, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        store.get(("p", "s"))
    with pytest.raises(expected):
        store.query("p")
    with pytest.raises(expected):
        store.index("DUE", 1)
    with pytest.raises(expected):
        store.write([_put("s", 0)])


@pytest.mark.parametrize(
    "error",
    [
        _error("ThrottlingException"),
        _error("ProvisionedThroughputExceededException"),
        _error("InternalServerError"),
        ConnectionClosedError(endpoint_url="https://dynamodb.eu-west-1.amazonaws.com"),
    ],
)
def test_what_passes_by_itself(error: Exception) -> None:
    _call_each(_failing(error), StoreUnavailable)


@pytest.mark.parametrize(
    "code",
    ["AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException", "ValidationException"],
)
def test_what_somebody_has_to_mend_goes_up_as_it_is(code: str) -> None:
    _call_each(_failing(_error(code)), ClientError)


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (("None", "ConditionalCheckFailed"), Conflict),
        (("TransactionConflict", "None"), Conflict),
        ((), Conflict),
        (("None", "ThrottlingError"), StoreUnavailable),
        (("ProvisionedThroughputExceeded",), StoreUnavailable),
    ],
)
def test_why_a_transaction_was_cancelled(reasons: tuple[str, ...], expected: type[Exception]) -> None:
    with pytest.raises(expected):
        _failing(_error("TransactionCanceledException", *reasons)).write([_put("s", 0)])
