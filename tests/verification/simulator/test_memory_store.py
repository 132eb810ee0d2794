"""One test-suite for all stores, so that what the simulator or a plan shows with one holds for DynamoDB."""

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, cast

import boto3
import pytest
from moto import mock_aws

from lambda_handlers.connect_phone_number.contract import DUE_INDEX
from lambda_handlers.connect_phone_number.ledger import dynamodb
from lambda_handlers.connect_phone_number.ledger.dynamodb import DynamoDBStore
from lambda_handlers.connect_phone_number.ledger.store import (
    Change,
    Conflict,
    IndexPage,
    InvalidChange,
    Item,
    Key,
    ScanPage,
    Store,
    Write,
)
from lambda_handlers.connect_phone_number.ledger.update import Attribute, Comparison, Condition, Sum, Update
from lambda_handlers.connect_phone_number.planning.snapshot import SnapshotStore
from verification.simulator.memory_store import MemoryStore

_TABLE: Final = "ledger"


@pytest.fixture(params=["memory", "snapshot", "dynamodb"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param != "dynamodb":
        yield MemoryStore(lambda: 0.0) if request.param == "memory" else SnapshotStore()
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
                "IndexName": DUE_INDEX,
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
COUNTER: Final = ("COUNTER", "COUNTER")


def test_what_is_not_there_is_none(store: Store) -> None:
    assert store.get(A) is None
    assert store.get_all([A, B]) == [None, None]
    assert store.index("DUE", None) == IndexPage([])
    assert store.scan() == ScanPage([])


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


def test_a_removal_may_name_the_claim_that_must_be_there(store: Store) -> None:
    store.write([_put(A, 0, claim_id="mine"), _put(B, 0)])
    for key in (A, B):
        with pytest.raises(Conflict):
            store.write([Write(key, None, 1, "another's")])
    store.write([Write(A, None, 1, "mine")])
    assert store.get(A) is None


def test_a_put_replaces_the_whole_item(store: Store) -> None:
    store.write([_put(A, 0, text="x", due="DUE", due_at=1)])
    store.write([_put(A, 1, other="y")])
    assert store.get(A) == _item(A, 2, other="y")
    assert store.index("DUE", None) == IndexPage([])
    assert store.scan() == ScanPage([_item(A, 2, other="y")])


def test_several_items_come_in_the_order_that_is_asked_for(store: Store) -> None:
    store.write([_put(B, 0), _put(A, 0, text="x")])
    assert store.get_all([C, A, B]) == [None, _item(A, 1, text="x"), _item(B, 1)]
    assert store.get_all([]) == []


def test_more_items_are_read_than_one_transaction_takes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # moto still has the limit that DynamoDB had before.
    monkeypatch.setattr(dynamodb, "MAX_TRANSACTION_ITEMS", 25)
    store.write([_put(A, 0), _put(C, 0)])
    others: list[Key] = [("three", str(index)) for index in range(150)]
    assert store.get_all([A, *others, C]) == [_item(A, 1), *(None for _ in others), _item(C, 1)]


def test_the_index_has_what_is_due_the_oldest_first(store: Store) -> None:
    store.write([_put(A, 0, due="DUE", due_at=30), _put(B, 0, due="DUE", due_at=10), _put(C, 0, due="LIVE", due_at=5)])
    assert store.index("DUE", None) == IndexPage([B, A])
    assert store.index("DUE", 30) == IndexPage([B, A])
    assert store.index("DUE", 29) == IndexPage([B])
    assert store.index("LIVE", None) == IndexPage([C])


def test_the_table_has_everything_whether_it_is_due_or_not(store: Store) -> None:
    store.write([_put(A, 0, due="DUE", due_at=30), _put(B, 0, expires_at=10), _put(C, 0, due="LIVE", due_at=5)])
    store.update(COUNTER, Update({"at": 5, "version": 1}))
    page = store.scan()
    assert _by_key(page.items) == {
        A: _item(A, 1, due="DUE", due_at=30),
        B: _item(B, 1, expires_at=10),
        C: _item(C, 1, due="LIVE", due_at=5),
        COUNTER: _item(COUNTER, 1, at=5),
    }
    assert page.next_position is None


def _all_pages(read: Callable[[object], Any]) -> list[Any]:
    page = read(None)
    pages = [page]
    while page.next_position is not None:
        page = read(page.next_position)
        pages.append(page)
    return pages


def test_what_is_too_much_for_one_page_is_read_page_by_page(store: Store) -> None:
    # DynamoDB ends a page at one megabyte, the store in memory after some items. A snapshot has all on one.
    text = "x" * 20_000
    keys: list[Key] = [("many", f"{index:03}") for index in range(120)]
    for start in (0, 60):
        chunk = list(enumerate(keys))[start : start + 60]
        store.write([_put(key, 0, due="DUE", due_at=index, text=text) for index, key in chunk])
    scanned = _all_pages(store.scan)
    assert (len(scanned) > 1) is not isinstance(store, SnapshotStore)
    assert sorted((item["pk"], item["sk"]) for page in scanned for item in page.items) == keys
    indexed = _all_pages(lambda after: store.index("DUE", 110, after))
    assert [key for page in indexed for key in page.keys] == keys[:111]


def test_what_is_handed_out_is_a_copy(store: Store) -> None:
    attributes = {"map": {"x": 1}}
    store.write([_put(A, 0, **attributes)])
    attributes["map"]["x"] = 2
    found = store.get(A)
    assert found is not None
    found["map"]["x"] = 3
    assert store.get(A) == _item(A, 1, map={"x": 1})


@pytest.mark.parametrize(
    "writes",
    [[], [_put(A, 0), _put(A, 0)], [_put(A, 0), Change(A, Update({"n": 1}))], [Change(A, Update({"n": 1}))] * 2],
)
def test_a_transaction_that_is_none_is_refused(store: Store, writes: list[Write | Change]) -> None:
    with pytest.raises(Exception, match=r".") as refusal:
        store.write(writes)
    assert not isinstance(refusal.value, Conflict)


@pytest.mark.parametrize("seed", range(3))
def test_both_stores_do_the_same(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    generator = random.Random(seed)  # noqa: S311 - to be the same each time
    memory = MemoryStore(lambda: 0.0)
    with mock_aws():
        table = _dynamodb_store(monkeypatch)
        for _ in range(60):
            keys = generator.sample([A, B, C], generator.randint(1, 3))
            writes: list[Write | Change] = [
                Write(key, None, generator.randint(0, 3))
                if generator.random() < 0.3
                else _put(
                    key,
                    _version(memory, key) if generator.random() < 0.8 else generator.randint(0, 3),
                    **({"due": "DUE", "due_at": generator.randint(1, 9)} if generator.random() < 0.5 else {}),
                )
                for key in keys
            ]
            if generator.random() < 0.5:
                writes.insert(generator.randint(0, len(writes)), _random_change(generator))
            outcomes = [_outcome(store, writes) for store in cast(list[Store], [memory, table])]
            assert outcomes[0] == outcomes[1]
            for key in (A, B, C, COUNTER):
                assert memory.get(key) == table.get(key)
            assert memory.get_all([B, C, A]) == table.get_all([B, C, A])
            assert sorted(memory.index("DUE", 5).keys) == sorted(table.index("DUE", 5).keys)
            assert _by_key(memory.scan().items) == _by_key(table.scan().items)


def _random_change(generator: random.Random) -> Change:
    """Return a change that counts, and often must not count too far."""
    comparison = generator.choice([*Comparison])
    condition = Condition("n", comparison, generator.randint(0, 6), holds_if_absent=generator.random() < 0.7)
    counted = {"n": Sum(Attribute("n"), generator.randint(-1, 2)), "version": Sum(Attribute("version"), 1)}
    return Change(COUNTER, Update(counted, condition if generator.random() < 0.7 else None))


def _by_key(items: list[Item]) -> dict[Key, Item]:
    return {(item["pk"], item["sk"]): item for item in items}


def _version(store: Store, key: Key) -> int:
    item = store.get(key)
    return 0 if item is None else int(item["version"])


def _outcome(store: Store, writes: list[Write | Change]) -> str:
    try:
        store.write(writes)
    except Conflict:
        return "conflict"
    return "done"


def test_the_index_may_lag() -> None:
    now = [0.0]
    store = MemoryStore(lambda: now[0], index_lag_seconds=2.0)
    store.write([_put(A, 0, due="DUE", due_at=1)])
    assert store.index("DUE", None) == IndexPage([])
    assert store.scan() == ScanPage([_item(A, 1, due="DUE", due_at=1)]), "the table itself does not lag"
    now[0] = 4.0
    assert store.index("DUE", None) == IndexPage([A])
    assert store.get(A) == _item(A, 1, due="DUE", due_at=1)


def test_the_index_may_show_one_write_of_a_transaction_before_another() -> None:
    now = [0.0]
    store = MemoryStore(lambda: now[0], index_lag_seconds=2.0)
    store.write([_put(A, 0, due="DUE", due_at=1), _put(B, 0, due="DUE", due_at=2)])
    now[0] = 2.0
    assert len(store.index("DUE", None).keys) == 1
    now[0] = 4.0
    assert store.index("DUE", None) == IndexPage([A, B])


def test_an_item_expires_when_its_time_has_come() -> None:
    now = [9.0]
    store = MemoryStore(lambda: now[0])
    store.write([_put(A, 0, expires_at=10)])
    assert store.get(A) == _item(A, 1, expires_at=10)
    now[0] = 10.0
    assert store.get(A) is None
    assert store.get_all([A]) == [None]


def test_what_has_expired_is_not_read_by_a_scan() -> None:
    now = [0.0]
    store = MemoryStore(lambda: now[0])
    store.write([_put(A, 0, expires_at=10), _put(B, 0)])
    now[0] = 10.0
    assert store.scan().items == [_item(B, 1)]


def test_what_has_expired_may_be_written_anew() -> None:
    now = [0.0]
    store = MemoryStore(lambda: now[0])
    store.write([_put(A, 0, expires_at=10)])
    now[0] = 10.0
    with pytest.raises(Conflict):
        store.write([_put(A, 1)])
    store.write([_put(A, 0, text="new")])
    assert store.get(A) == _item(A, 1, text="new")


def test_an_item_may_stay_for_long_after_its_time() -> None:
    now = [0.0]
    store = MemoryStore(lambda: now[0], expires=False)
    store.write([_put(A, 0, expires_at=10)])
    now[0] = 1_000_000.0
    assert store.get(A) == _item(A, 1, expires_at=10)


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


def test_an_update_creates_an_item_and_counts_in_it(store: Store) -> None:
    count = Update({"taken": Sum(Attribute("taken"), 1), "limit": Attribute("limit", 7), "seen": 3})

    first, second = store.update(COUNTER, count), store.update(COUNTER, count)

    assert first is not None
    assert second is not None
    assert (first["taken"], first["limit"], first["seen"]) == (1, 7, 3)
    assert (second["taken"], second["limit"], second["seen"]) == (2, 7, 3)
    stored = store.get(COUNTER)
    assert stored is not None
    assert stored["taken"] == 2


def test_all_values_of_an_update_are_of_the_item_before_it(store: Store) -> None:
    store.update(COUNTER, Update({"a": 1, "b": 10}))

    changed = store.update(COUNTER, Update({"a": Sum(Attribute("a"), Attribute("b")), "b": Sum(5, Attribute("a"))}))

    assert changed is not None
    assert (changed["a"], changed["b"]) == (11, 6)


@pytest.mark.parametrize(
    ("comparison", "value", "holds"),
    [
        (Comparison.LESS, 5, False),
        (Comparison.LESS, 6, True),
        (Comparison.NOT_LESS, 5, True),
        (Comparison.NOT_LESS, 6, False),
        (Comparison.EQUAL, 5, True),
        (Comparison.EQUAL, 6, False),
    ],
)
def test_an_update_is_made_only_where_its_condition_holds(
    store: Store, comparison: Comparison, value: int, holds: bool
) -> None:
    store.update(COUNTER, Update({"at": 5}))

    changed = store.update(COUNTER, Update({"at": 9}, Condition("at", comparison, value)))

    assert (changed is not None) is holds
    stored = store.get(COUNTER)
    assert stored is not None
    assert stored["at"] == (9 if holds else 5)


@pytest.mark.parametrize("holds", [True, False])
def test_a_condition_says_whether_it_holds_without_the_attribute(store: Store, holds: bool) -> None:
    condition = Condition("at", Comparison.LESS, 5, holds_if_absent=holds)

    assert (store.update(COUNTER, Update({"at": 9}, condition)) is not None) is holds
    assert (store.get(COUNTER) is not None) is holds


# --- Changes in transactions ---

_COUNT: Final = Update({"taken": Sum(Attribute("taken"), 2), "version": Sum(Attribute("version"), 1)})


def _limited(value: int, *, holds_if_absent: bool = False) -> Change:
    condition = Condition("taken", Comparison.LESS, value, holds_if_absent)
    return Change(COUNTER, Update(_COUNT.values, condition))


def test_a_change_is_made_together_with_writes(store: Store) -> None:
    store.write([_put(A, 0), Change(COUNTER, _COUNT), _put(B, 0)])
    assert store.get_all([A, B, COUNTER]) == [_item(A, 1), _item(B, 1), _item(COUNTER, 1, taken=2)]
    store.write([Change(COUNTER, _COUNT), Write(A, None, 1), _put(B, 1, text="new")])
    assert store.get_all([A, B, COUNTER]) == [None, _item(B, 2, text="new"), _item(COUNTER, 2, taken=4)]


def test_a_change_leaves_the_other_attributes_as_they_are(store: Store) -> None:
    store.write([_put(COUNTER, 0, text="x", taken=1)])
    store.write([Change(COUNTER, _COUNT)])
    assert store.get(COUNTER) == _item(COUNTER, 2, text="x", taken=3)


def test_all_values_of_a_change_are_of_the_item_before_it(store: Store) -> None:
    store.write([_put(COUNTER, 0, a=1, b=10)])
    store.write([Change(COUNTER, Update({"a": Sum(Attribute("a"), Attribute("b")), "b": Sum(5, Attribute("a"))}))])
    assert store.get(COUNTER) == _item(COUNTER, 1, a=11, b=6)


def test_an_item_that_was_changed_can_be_written_with_its_version(store: Store) -> None:
    store.write([Change(COUNTER, _COUNT)])
    with pytest.raises(Conflict):
        store.write([_put(COUNTER, 0)])
    store.write([_put(COUNTER, 1, taken=0)])
    with pytest.raises(Conflict):
        store.write([_put(COUNTER, 1, taken=9)])
    assert store.get(COUNTER) == _item(COUNTER, 2, taken=0)


def test_a_change_whose_condition_holds_is_made(store: Store) -> None:
    store.write([_limited(1, holds_if_absent=True), _put(A, 0)])
    store.write([_put(B, 0), _limited(3)])
    assert store.get_all([A, B, COUNTER]) == [_item(A, 1), _item(B, 1), _item(COUNTER, 2, taken=4)]


@pytest.mark.parametrize("is_first", [True, False])
def test_where_a_changes_condition_is_not_met_nothing_is_written(store: Store, is_first: bool) -> None:
    store.write([_put(A, 0), Change(COUNTER, _COUNT)])
    others: list[Write | Change] = [_put(A, 1, text="new"), _put(B, 0)]
    with pytest.raises(Conflict):
        store.write([_limited(2), *others] if is_first else [*others, _limited(2)])
    assert store.get_all([A, B, COUNTER]) == [_item(A, 1), None, _item(COUNTER, 1, taken=2)]


def test_a_condition_that_needs_the_attribute_is_not_met_without_it(store: Store) -> None:
    with pytest.raises(Conflict):
        store.write([_put(A, 0), _limited(9)])
    assert store.get_all([A, COUNTER]) == [None, None]


def test_where_another_write_conflicts_no_change_is_made(store: Store) -> None:
    store.write([_put(A, 0), Change(COUNTER, _COUNT)])
    with pytest.raises(Conflict):
        store.write([Change(COUNTER, _COUNT), _put(A, 0)])
    assert store.get(COUNTER) == _item(COUNTER, 1, taken=2)


def test_an_update_and_a_change_do_the_same(store: Store) -> None:
    store.write([Change(COUNTER, _COUNT)])
    updated = store.update(COUNTER, _COUNT)
    assert updated == store.get(COUNTER) == _item(COUNTER, 2, taken=4)


def test_an_attribute_may_have_any_name(store: Store) -> None:
    names = ("quota:arn:aws:connect:eu-west-1:123456789012:instance/0a-1b", "d20455", "value", "a b.c#d")
    named = Update({name: Sum(Attribute(name), 3) for name in names}, Condition(names[0], Comparison.LESS, 4, True))
    store.update(COUNTER, named)
    store.write([Change(COUNTER, named)])
    found = store.get(COUNTER)
    assert found is not None
    assert [found[name] for name in names] == [6, 6, 6, 6]


@pytest.mark.parametrize(
    "text",
    [
        "many",
        "5",
    ],
)
@pytest.mark.parametrize("make", [partial(MemoryStore, lambda: 0.0), SnapshotStore], ids=["memory", "snapshot"])
def test_where_numbers_are_to_be_added_to_a_text_nothing_is_written(make: Callable[[], Store], text: str) -> None:
    # moto refuses the whole request. DynamoDB cancels the transaction: see ledger/test_dynamodb.py.
    store = make()
    store.write([_put(COUNTER, 0, taken=text)])
    with pytest.raises(InvalidChange):
        store.write([_put(A, 0), Change(COUNTER, _COUNT)])
    assert store.get_all([A, COUNTER]) == [None, _item(COUNTER, 1, taken=text)]


@pytest.mark.parametrize("make", [partial(MemoryStore, lambda: 0.0), SnapshotStore], ids=["memory", "snapshot"])
def test_a_text_is_not_less_than_a_number(make: Callable[[], Store]) -> None:
    # moto does not compare them at all.
    store = make()
    store.write([_put(COUNTER, 0, taken="many")])
    with pytest.raises(Conflict):
        store.write([_put(A, 0), _limited(9, holds_if_absent=True)])
    assert store.get_all([A, COUNTER]) == [None, _item(COUNTER, 1, taken="many")]
