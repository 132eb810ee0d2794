"""The copy of a ledger.

That it behaves as the ledger does is in ``tests/verification/simulator/test_memory_store.py``.
"""

from typing import Any, Final

from lambda_handlers.connect_phone_number.ledger.store import IndexPage, Item, Key, Write
from lambda_handlers.connect_phone_number.ledger.update import Attribute, Sum, Update
from lambda_handlers.connect_phone_number.planning.snapshot import SnapshotStore
from verification.simulator.memory_store import MemoryStore

A: Final = ("one", "a")
B: Final = ("one", "b")


def item(key: Key, version: int = 1, **attributes: Any) -> Item:
    return {"pk": key[0], "sk": key[1], "version": version, **attributes}


def original(count: int = 1) -> MemoryStore:
    store = MemoryStore(lambda: 0.0)
    for index in range(count):
        key = ("many", f"{index:03}")
        store.write([Write(key, item(key, due="LIVE", due_at=index), 0)])
    store.write([Write(A, item(A, map={"list": [1]}), 0)])
    return store


def test_a_snapshot_has_all_items_of_all_pages() -> None:
    store = original(120)

    snapshot = SnapshotStore.of(store)

    assert snapshot.scan().items == store.dump()
    assert len(snapshot.index("LIVE", None).keys) == 120


def test_a_snapshot_does_not_change_the_store_that_it_was_made_of() -> None:
    store = original()
    before = store.dump()
    snapshot = SnapshotStore.of(store)

    snapshot.write([Write(A, item(A, 2, map={}), 1), Write(B, item(B), 0)])
    snapshot.write([Write(("many", "000"), None, 1)])
    snapshot.update(A, Update({"count": Sum(Attribute("count"), 1)}))

    assert store.dump() == before
    assert [each["sk"] for each in snapshot.scan().items] == ["a", "b"]


def test_a_snapshot_does_not_change_with_the_store_that_it_was_made_of() -> None:
    store = original()
    snapshot = SnapshotStore.of(store)

    store.write([Write(A, None, 1)])

    assert snapshot.get(A) == item(A, map={"list": [1]})


def test_a_snapshot_has_copies_of_the_items_that_it_is_given() -> None:
    given = item(A, map={"list": [1]})
    snapshot = SnapshotStore([given])

    given["map"]["list"].append(2)
    for found in (snapshot.get(A), *snapshot.get_all([A]), *snapshot.scan().items):
        assert found is not None
        found["map"]["list"].append(3)

    assert snapshot.get(A) == item(A, map={"list": [1]})


def test_the_index_is_never_behind() -> None:
    snapshot = SnapshotStore([item(A, due="DUE", due_at=5)])

    snapshot.write([Write(A, item(A, 2), 1), Write(B, item(B, due="DUE", due_at=3), 0)])

    assert snapshot.index("DUE", None) == IndexPage([B])
