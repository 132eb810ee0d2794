from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from moto import mock_aws

from lambda_handlers.connect_phone_number.ledger.dynamodb import MAX_TRANSACTION_ITEMS, DynamoDBStore
from lambda_handlers.connect_phone_number.ledger.items import ResourceEntry, encode, key_of
from lambda_handlers.connect_phone_number.ledger.store import (
    Change,
    Conflict,
    IndexPage,
    InvalidChange,
    Item,
    Key,
    ScanPage,
    StoreBusy,
    StoreUnavailable,
    Write,
)
from lambda_handlers.connect_phone_number.ledger.update import Attribute, Comparison, Condition, Sum, Update

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
    resource_entry = ResourceEntry("arn:stack", "Number", watermark=5, generation=2)
    store.write([Write(key_of(resource_entry), encode(resource_entry), 0)])
    assert store.get(key_of(resource_entry)) == encode(resource_entry)


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
    keys: list[Key] = [("p", "new"), ("p", "old"), ("q", "other")]
    assert store.get_all(keys) == [None, _item("old", 1), None]
    store.write([_put("new", 0), _put("old", 1), _put("other", 0, pk="q")])
    assert store.get_all(keys) == [_item("new", 1), _item("old", 2), _item("other", 1, pk="q")]


def test_several_items_are_read_in_the_order_that_is_asked_for(store: DynamoDBStore) -> None:
    store.write([_put("a", 0, number=7), _put("b", 0), _put("c", 0, pk="q")])
    keys: list[Key] = [("q", "c"), ("p", "nothing"), ("p", "b"), ("p", "a")]
    assert store.get_all(keys) == [_item("c", 1, pk="q"), None, _item("b", 1), _item("a", 1, number=7)]
    assert store.get_all([]) == []


class _Recorder:
    """A client that notes the parameters of each call, and does as the one behind it."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self._client = client
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Any:
        def call(**parameters: Any) -> Any:
            self.calls.append((method, parameters))
            return getattr(self._client, method)(**parameters)

        return call


@pytest.fixture
def recorder(client: "DynamoDBClient") -> _Recorder:
    return _Recorder(client)


@pytest.fixture
def recorded(recorder: _Recorder) -> DynamoDBStore:
    client: Any = recorder
    return DynamoDBStore(client, TABLE)


def test_one_item_is_read_strongly_consistent(recorder: _Recorder, recorded: DynamoDBStore) -> None:
    recorded.get(("p", "s"))
    ((method, parameters),) = recorder.calls
    assert (method, parameters["ConsistentRead"]) == ("get_item", True)


def test_several_items_are_read_at_one_moment(recorder: _Recorder, recorded: DynamoDBStore) -> None:
    recorded.get_all([("p", "a"), ("q", "b")])
    assert recorder.calls == [
        (
            "transact_get_items",
            {
                "TransactItems": [
                    {"Get": {"TableName": TABLE, "Key": {"pk": {"S": "p"}, "sk": {"S": "a"}}}},
                    {"Get": {"TableName": TABLE, "Key": {"pk": {"S": "q"}, "sk": {"S": "b"}}}},
                ]
            },
        )
    ]


def test_a_change_is_part_of_the_transaction(recorder: _Recorder, recorded: DynamoDBStore) -> None:
    counted = Update({"count": Sum(Attribute("count"), 2)}, Condition("limit", Comparison.LESS, 7, True))
    recorded.write([_put("s", 0), Change(("p", "sums"), counted)])
    ((method, parameters),) = recorder.calls
    assert method == "transact_write_items"
    put, change = parameters["TransactItems"]
    assert set(put) == {"Put"}
    assert change == {
        "Update": {
            "TableName": TABLE,
            "Key": {"pk": {"S": "p"}, "sk": {"S": "sums"}},
            "UpdateExpression": "SET #n0 = if_not_exists(#n0, :v0) + :v1",
            "ConditionExpression": "attribute_not_exists(#n1) OR #n1 < :v2",
            "ExpressionAttributeNames": {"#n0": "count", "#n1": "limit"},
            "ExpressionAttributeValues": {":v0": {"N": "0"}, ":v1": {"N": "2"}, ":v2": {"N": "7"}},
        }
    }


def test_a_change_without_a_condition_has_none(recorder: _Recorder, recorded: DynamoDBStore) -> None:
    recorded.write([Change(("p", "sums"), Update({"count": 2}))])
    ((_, parameters),) = recorder.calls
    assert "ConditionExpression" not in parameters["TransactItems"][0]["Update"]
    assert recorded.get(("p", "sums")) == {"pk": "p", "sk": "sums", "count": 2}


class _Keys:
    """A client that has an item for each key, and notes how many are asked for at once.

    moto still has the limit of 25 items that DynamoDB had before.
    """

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def transact_get_items(self, TransactItems: list[Any]) -> Any:  # noqa: N803 - as DynamoDB calls it
        self.sizes.append(len(TransactItems))
        return {"Responses": [{"Item": get["Get"]["Key"]} for get in TransactItems]}


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (MAX_TRANSACTION_ITEMS, [MAX_TRANSACTION_ITEMS]),
        (MAX_TRANSACTION_ITEMS + 1, [MAX_TRANSACTION_ITEMS, 1]),
    ],
)
def test_more_items_than_a_transaction_takes_are_read_in_several(count: int, sizes: list[int]) -> None:
    client: Any = _Keys()
    keys: list[Key] = [("p", str(index)) for index in range(count)]
    assert DynamoDBStore(client, TABLE).get_all(keys) == [{"pk": pk, "sk": sk} for pk, sk in keys]
    assert client.sizes == sizes


def test_a_transaction_takes_no_more_than_a_hundred_items() -> None:
    assert MAX_TRANSACTION_ITEMS <= 100


def _all_pages(read: Callable[[object], Any]) -> list[Any]:
    """Return what each page has, until there is no next one."""
    page = read(None)
    contents = [page]
    while page.next_position is not None:
        page = read(page.next_position)
        contents.append(page)
    return contents


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
    assert store.index("DUE", 200) == IndexPage([("p", "early"), ("q", "middle")])
    assert store.index("DUE", 99) == IndexPage([])
    assert store.index("DUE", None) == IndexPage([("p", "early"), ("q", "middle"), ("p", "late")])
    assert store.index("LIVE", None) == IndexPage([("p", "live")])


def test_what_is_no_longer_due_leaves_the_index(store: DynamoDBStore) -> None:
    store.write([_put("s", 0, due="DUE", due_at=100)])
    store.write([_put("s", 1)])
    assert store.index("DUE", None) == IndexPage([])


class _SmallPages(_Recorder):
    """A client whose responses have at most two items."""

    def __getattr__(self, method: str) -> Any:
        whole = super().__getattr__(method)

        def call(**parameters: Any) -> Any:
            return whole(**parameters, Limit=2)

        return call


def test_each_page_of_the_index_says_where_the_next_one_begins(client: "DynamoDBClient") -> None:
    DynamoDBStore(client, TABLE).write([_put(f"s{index}", 0, due="DUE", due_at=index) for index in range(5)])
    small: Any = _SmallPages(client)
    store = DynamoDBStore(small, TABLE)
    pages: list[IndexPage] = _all_pages(lambda after: store.index("DUE", 3, after))
    assert [page.keys for page in pages if page.keys] == [[("p", "s0"), ("p", "s1")], [("p", "s2"), ("p", "s3")]]


def test_each_page_of_the_table_says_where_the_next_one_begins(client: "DynamoDBClient") -> None:
    closed, unfinished = range(0, 8, 2), range(1, 8, 2)
    DynamoDBStore(client, TABLE).write(
        [
            *(_put(f"s{index}", 0, expires_at=9) for index in closed),
            *(_put(f"s{index}", 0, due="DUE", due_at=index) for index in unfinished),
        ]
    )
    small: Any = _SmallPages(client)
    store = DynamoDBStore(small, TABLE)
    pages: list[ScanPage] = _all_pages(store.scan)
    assert len(pages) >= 4
    assert sorted(item["sk"] for page in pages for item in page.items) == [f"s{index}" for index in range(8)]


def test_the_table_itself_has_everything(recorder: _Recorder, recorded: DynamoDBStore) -> None:
    recorded.write(
        [
            _put("due", 0, due="DUE", due_at=300, number=7),
            _put("live", 0, pk="q", due="LIVE", due_at=50),
            _put("closed", 0, expires_at=9),
        ]
    )
    recorder.calls.clear()
    page = recorded.scan()
    assert sorted(page.items, key=lambda item: str(item["sk"])) == [
        _item("closed", 1, expires_at=9),
        _item("due", 1, due="DUE", due_at=300, number=7),
        _item("live", 1, pk="q", due="LIVE", due_at=50),
    ]
    assert page.next_position is None
    ((method, parameters),) = recorder.calls
    assert (method, parameters["ConsistentRead"]) == ("scan", True)
    assert "IndexName" not in parameters, "an index may lag"
    assert "FilterExpression" not in parameters, "the ledger chooses"


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
        store.get_all([("p", "s")])
    with pytest.raises(expected):
        store.index("DUE", 1)
    with pytest.raises(expected):
        store.scan()
    with pytest.raises(expected):
        store.write([_put("s", 0)])
    with pytest.raises(expected):
        store.update(("p", "s"), Update({"count": 1}))


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
        (("TransactionConflict", "ConditionalCheckFailed"), Conflict),
        ((), Conflict),
        # This says nothing about the conditions, so the same write is tried again.
        (("TransactionConflict", "None"), StoreBusy),
        (("None", "ValidationError"), InvalidChange),
        (("ValidationError", "ConditionalCheckFailed"), Conflict),
        (("None", "ThrottlingError"), StoreUnavailable),
        (("ProvisionedThroughputExceeded",), StoreUnavailable),
    ],
)
def test_why_a_transaction_was_canceled(reasons: tuple[str, ...], expected: type[Exception]) -> None:
    with pytest.raises(expected):
        _failing(_error("TransactionCanceledException", *reasons)).write([_put("s", 0)])


@pytest.mark.parametrize(("reason", "expected"), [("TransactionConflict", StoreBusy), ("Throttled", StoreUnavailable)])
def test_a_read_that_meets_a_write_is_tried_again(reason: str, expected: type[Exception]) -> None:
    # Nothing was decided yet, so this is no conflict.
    with pytest.raises(expected):
        _failing(_error("TransactionCanceledException", "None", reason)).get_all([("p", "s")])
