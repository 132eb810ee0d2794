"""Where this package was installed from, as a line for ``requirements.txt``.

pip records what it was given, if that was not just a name:
https://packaging.python.org/en/latest/specifications/direct-url/
"""

import json
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

NAME: Final = "cdk-connect-phone-number"


@dataclass(frozen=True)
class Requirement:
    """A requirement for this package, in the version that is running.

    Parameters
    ----------
    place
        What follows the name: ``==0.1.0``, or an address. Empty if ``wheel`` is given.
    wheel
        The wheel from which the package was installed. It has to be where the requirement says.
    """

    place: str = ""
    wheel: Path | None = None

    def line(self, folder: str, extra: str = "") -> str:
        """Return the line for ``requirements.txt``.

        Parameters
        ----------
        folder
            The folder for the wheel, relative to that in which pip is run.
        extra
            An extra of the package. Default: none.
        """
        extras = f"[{extra}]" if extra else ""
        return f"{NAME}{extras}{self.place}" if self.wheel is None else f"./{folder}/{self.wheel.name}{extras}"


def installed_from() -> Requirement:
    """Return the requirement that installs this package again."""
    package = distribution(NAME)
    record = package.read_text("direct_url.json")
    return requirement_of(package.version, None if record is None else json.loads(record))


def requirement_of(version: str, record: dict[str, Any] | None) -> Requirement:
    """Return the requirement for a version and pip's record of where it came from: none if that was an index."""
    if record is None:
        return Requirement(f"=={version}")
    url: str = record["url"]
    if vcs := record.get("vcs_info"):
        return Requirement(f" @ {vcs['vcs']}+{url}@{vcs['commit_id']}")
    file = Path(url2pathname(urlsplit(url).path))
    if url.startswith("file:") and file.suffix == ".whl" and file.is_file():
        return Requirement(wheel=file)
    return Requirement(f" @ {url}")
