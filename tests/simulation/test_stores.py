"""One test-suite for both stores, so that what the simulator shows with the one holds for the other."""

import random
from collections.abc import Iterator
from typing import Any, Final, cast

import boto3
import pytest
from moto import mock_aws

from lambda_handlers.connect_phone_number.ledger.dynamodb import INDEX_NAME, DynamoDBStore
from lambda_handlers.connect_phone_number.ledger.store import Conflict, Item, Key, Store, Write

from .memory_store import MemoryStore

_TABLE: Final = "ledger"


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore(lambda: 0.0)
        return
    with mock_aws():
        yield _dynamodb_store(monkeypatch)


def _dynamodb_store(monkeypatch: pytest.MonkeyPatch) -> DynamoDBStore:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName=_TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "due", "AttributeType": "S"},
            {"AttributeName": "due_at", "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX_NAME,
                "KeySchema": [
                    {"AttributeName": "due", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    return DynamoDBStore(client, _TABLE)


def _item(key: Key, version: int, **attributes: Any) -> Item:
    return {"pk": key[0], "sk": key[1], "version": version, **attributes}


def _put(key: Key, expected: int, **attributes: Any) -> Write:
    return Write(key, _item(key, expected + 1, **attributes), expected)


A: Final = ("one", "a")
B: Final = ("one", "b")
C: Final = ("two", "a")


def test_what_is_not_there_is_none(store: Store) -> None:
    assert store.get(A) is None
    assert store.query("one") == []
    assert store.index("DUE", None) == []


def test_an_item_comes_back_as_it_was(store: Store) -> None:
    attributes: dict[str, Any] = {
        "text": "",
        "number": 12,
        "flag": False,
        "list": ["x", 1, {"deep": [True]}],
        "map": {"empty": {}, "list": []},
    }
    store.write([_put(A, 0, **attributes)])
    assert store.get(A) == _item(A, 1, **attributes)


def test_a_new_item_must_not_be_there(store: Store) -> None:
    store.write([_put(A, 0, text="first")])
    with pytest.raises(Conflict):
        store.write([_put(A, 0, text="second")])
    assert store.get(A) == _item(A, 1, text="first")


@pytest.mark.parametrize("expected", [1, 3])
def test_a_change_needs_the_version_that_is_there(store: Store, expected: int) -> None:
    store.write([_put(A, 0)])
    store.write([_put(A, 1, text="second")])
    with pytest.raises(Conflict):
        store.write([_put(A, expected, text="third")])
    assert store.get(A) == _item(A, 2, text="second")


def test_a_change_of_what_is_not_there_conflicts(store: Store) -> None:
    with pytest.raises(Conflict):
        store.write([_put(A, 1)])


def test_all_writes_are_done_or_none(store: Store) -> None:
    store.write([_put(A, 0), _put(B, 0)])
    with pytest.raises(Conflict):
        store.write([_put(A, 1, text="new"), _put(C, 0), Write(B, None, 2)])
    assert store.get(A) == _item(A, 1)
    assert store.get(B) == _item(B, 1)
    assert store.get(C) is None
    store.write([_put(A, 1, text="new"), _put(C, 0), Write(B, None, 1)])
    assert store.get(A) == _item(A, 2, text="new")
    assert store.get(B) is None
    assert store.get(C) == _item(C, 1)


def test_removal_is_conditional(store: Store) -> None:
    store.write([_put(A, 0)])
    with pytest.raises(Conflict):
        store.write([Write(A, None, 2)])
    with pytest.raises(Conflict):
        store.write([Write(A, None, 0)])
    store.write([Write(A, None, 1)])
    assert store.get(A) is None
    with pytest.raises(Conflict):
        store.write([Write(A, None, 1)])


def test_a_put_replaces_the_whole_item(store: Store) -> None:
    store.write([_put(A, 0, text="x", due="DUE", due_at=1)])
    store.write([_put(A, 1, other="y")])
    assert store.get(A) == _item(A, 2, other="y")
    assert store.index("DUE", None) == []


def test_a_partition_is_read_in_the_order_of_its_sort_keys(store: Store) -> None:
    store.write([_put(B, 0), _put(C, 0), _put(A, 0)])
    assert store.query("one") == [_item(A, 1), _item(B, 1)]


def test_the_index_has_what_is_due_the_oldest_first(store: Store) -> None:
    store.write([_put(A, 0, due="DUE", due_at=30), _put(B, 0, due="DUE", due_at=10), _put(C, 0, due="LIVE", due_at=5)])
    assert store.index("DUE", None) == [B, A]
    assert store.index("DUE", 30) == [B, A]
    assert store.index("DUE", 29) == [B]
    assert store.index("LIVE", None) == [C]


def test_what_is_handed_out_is_a_copy(store: Store) -> None:
    attributes = {"map": {"x": 1}}
    store.write([_put(A, 0, **attributes)])
    attributes["map"]["x"] = 2
    found = store.get(A)
    assert found is not None
    found["map"]["x"] = 3
    assert store.get(A) == _item(A, 1, map={"x": 1})


@pytest.mark.parametrize("writes", [[], [_put(A, 0), _put(A, 0)]])
def test_a_transaction_that_is_none_is_refused(store: Store, writes: list[Write]) -> None:
    with pytest.raises(Exception, match=r".") as refusal:
        store.write(writes)
    assert not isinstance(refusal.value, Conflict)


@pytest.mark.parametrize("seed", range(5))
def test_both_stores_do_the_same(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    generator = random.Random(seed)  # noqa: S311 - to be the same each time
    memory = MemoryStore(lambda: 0.0)
    with mock_aws():
        dynamodb = _dynamodb_store(monkeypatch)
        for _ in range(60):
            keys = generator.sample([A, B, C], generator.randint(1, 3))
            writes = [
                Write(key, None, generator.randint(0, 3))
                if generator.random() < 0.3
                else _put(
                    key,
                    _version(memory, key) if generator.random() < 0.8 else generator.randint(0, 3),
                    **({"due": "DUE", "due_at": generator.randint(1, 9)} if generator.random() < 0.5 else {}),
                )
                for key in keys
            ]
            outcomes = [_outcome(store, writes) for store in cast(list[Store], [memory, dynamodb])]
            assert outcomes[0] == outcomes[1]
            for key in (A, B, C):
                assert memory.get(key) == dynamodb.get(key)
            assert memory.query("one") == dynamodb.query("one")
            assert sorted(memory.index("DUE", 5)) == sorted(dynamodb.index("DUE", 5))


def _version(store: Store, key: Key) -> int:
    item = store.get(key)
    return 0 if item is None else int(item["version"])


def _outcome(store: Store, writes: list[Write]) -> str:
    try:
        store.write(writes)
    except Conflict:
        return "conflict"
    return "done"


def test_the_index_may_lag() -> None:
    now = [0.0]
    store = MemoryStore(lambda: now[0], index_lag_seconds=2.0)
    store.write([_put(A, 0, due="DUE", due_at=1)])
    assert store.index("DUE", None) == []
    now[0] = 2.0
    assert store.index("DUE", None) == [A]
    assert store.get(A) == _item(A, 1, due="DUE", due_at=1)


@pytest.mark.parametrize("value", [1.5, None, ("x",), {1: "x"}, {"deep": [None]}, b"x"])
def test_values_that_the_ledger_may_not_have_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"DynamoDB has no such type|is no string"):
        MemoryStore(lambda: 0.0).write([_put(A, 0, value=value)])


@pytest.mark.parametrize(
    "attributes", [{"due": 1, "due_at": 1}, {"due": "DUE", "due_at": "1"}, {"due": "", "due_at": 1}]
)
def test_index_keys_have_the_type_of_the_index(attributes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="index key"):
        MemoryStore(lambda: 0.0).write([_put(A, 0, **attributes)])
