"""The function's code as a zip that is the same, byte for byte, whoever builds it and when."""

import hashlib
import zipfile
from pathlib import Path
from typing import Final

_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say."""
_READABLE: Final = 0o100644 << 16
_UNIX: Final = 3


def write_zip(folder: Path, target: Path) -> None:
    """Write all files of a folder to a zip, without what differs from one checkout to the next."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _TIME)
                entry.create_system, entry.external_attr = _UNIX, _READABLE
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def digest(folder: Path) -> str:
    """Return the beginning of a hash of all files of a folder, with their names."""
    content = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        if path.is_file():
            content.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
            content.update(path.read_bytes())
    return content.hexdigest()[:12]
