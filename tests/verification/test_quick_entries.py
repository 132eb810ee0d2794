from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from verification.quick_entries import fill_at_once


@dataclass(frozen=True)
class _Slow:
    name: str
    tags: dict[str, str] = field(default_factory=dict[str, str])
    count: int = 3


@dataclass(frozen=True)
class _Quick(_Slow):
    pass


fill_at_once(_Quick)


@pytest.mark.parametrize(
    ("positional", "named"),
    [(("a",), {}), (("a", {"b": "c"}), {}), ((), {"count": 4, "name": "a"}), (("a",), {"tags": {}, "count": 0})],
)
def test_an_entry_has_what_the_dataclass_gives_it(positional: tuple[Any, ...], named: dict[str, Any]) -> None:
    slow, quick = _Slow(*positional, **named), _Quick(*positional, **named)
    assert [getattr(quick, one.name) for one in fields(quick)] == [getattr(slow, one.name) for one in fields(slow)]
    assert replace(quick, name="z") == _Quick("z", quick.tags, quick.count)


def test_two_entries_share_no_default() -> None:
    assert _Quick("a").tags is not _Quick("a").tags


@pytest.mark.parametrize("named", [{}, {"name": "a", "unknown": 1}, {"count": 1}])
def test_what_the_dataclass_refuses_is_refused(named: dict[str, Any]) -> None:
    for entry_type in (_Slow, _Quick):
        with pytest.raises(TypeError):
            entry_type(**named)


def test_an_entry_stays_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        _Quick("a").name = "b"  # type: ignore[misc]
