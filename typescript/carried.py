"""The packages of npm that Python packages carry, byte for byte: npm need not download their 38 MB a second time.

``python -m typescript.carried LOCK`` has a lock file name those copies. The Makefile does so in ``build/typescript``.
"""

import base64
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import aws_cdk
import constructs


def carried() -> Mapping[str, Path]:
    """Return the archives, by the integrity that a lock file gives for them."""
    folders = [Path(package.__path__[0]) / "_jsii" for package in (aws_cdk, constructs)]
    return {_integrity(path): path for folder in folders for path in folder.glob("*.tgz")}


def with_carried(lock: str) -> str:
    """Return a lock file that names the archives wherever it has the same packages."""
    archives = carried()
    content = json.loads(lock)
    for package in content["packages"].values():
        if package.get("integrity") in archives:
            package["resolved"] = f"file:{archives[package['integrity']]}"
    return json.dumps(content, indent=2) + "\n"


def _integrity(path: Path) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


if __name__ == "__main__":
    lock_path = Path(sys.argv[1])
    lock_path.write_text(with_carried(lock_path.read_text()))
