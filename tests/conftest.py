"""Settings for all tests."""

import gc
from pathlib import Path

import pytest

_SHORT = Path(__file__).parent / "unit"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The shortest tests come last, so that no worker is left alone with a long one at the end.
    items.sort(key=lambda item: item.path.is_relative_to(_SHORT))


def pytest_collection_finish() -> None:
    # The modules and the tests stay to the end. Frozen, they are not searched for garbage again and again.
    gc.collect()
    gc.freeze()
