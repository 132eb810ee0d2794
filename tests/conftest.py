"""Settings for all tests."""

import gc
import os
from pathlib import Path

import pytest

# The CDK's own check of each template takes longer than all else of a synthesis. cfn-lint checks the templates too, and
# tests/infrastructure/test_app.py has the CDK check those of the example. Set here, all that the tests start has it.
os.environ["CDK_VALIDATION"] = "false"

_SHORT = Path(__file__).parent / "unit"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The shortest tests come last, so that no worker is left alone with a long one at the end.
    items.sort(key=lambda item: item.path.is_relative_to(_SHORT))


def pytest_collection_finish() -> None:
    # The modules and the tests stay to the end. Frozen, they are not searched for garbage again and again.
    gc.collect()
    gc.freeze()
