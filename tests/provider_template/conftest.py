"""The template and its zip, built once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from provider_template.__main__ import write


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all that ``make package`` writes to ``build/template``."""
    folder = tmp_path_factory.mktemp("template") / "built"
    write(folder)
    return folder


@pytest.fixture(scope="session")
def template(built: Path) -> Mapping[str, Any]:
    """Return the provider's template."""
    loaded: Mapping[str, Any] = yaml.safe_load((built / "provider.yaml").read_text())
    return loaded
