"""The function's code as a zip archive that is reproducible byte for byte."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip archive can contain."""
_READABLE: Final = 0o100644 << 16
_UNIX: Final = 3


def write_zip(folder: Path, target: Path) -> None:
    """Write all files of a folder to a zip archive, without what differs from one checkout to the next."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in _files(folder):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system, entry.external_attr = _UNIX, _READABLE
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)


def digest(folder: Path) -> str:
    """Return the beginning of a hash of all files of a folder, with their names."""
    total = hashlib.sha256()
    for name, content in _files(folder):
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()[:12]


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file of a folder, in the order of their names."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name, path in sorted(paths.items()):
        yield name, path.read_bytes()
