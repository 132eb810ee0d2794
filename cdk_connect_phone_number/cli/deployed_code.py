"""The code of a provider's function, compared with the code that is installed beside this command."""

import io
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Final
from urllib.request import urlopen
from zipfile import BadZipFile, ZipFile

from ..function_code import ASSET
from .checks import NotRead, Result, ask, ok, warning
from .places import Place
from .providers import Provider

_DISTRIBUTION: Final = "cdk-connect-phone-number"
_SECONDS: Final = 30.0
_SHOWN: Final = 3


def check_code(place: Place, provider: Provider) -> Result:
    """Compare the function's code with the installed library's, file by file.

    The construct writes no version anywhere, and a hash of the archive depends on who has packed it.
    """
    location = ask(place, "lambda", "get_function", FunctionName=provider.arn)["Code"].get("Location", "")
    deployed, installed = _files_at(location), installed_files()
    names = sorted(name for name in deployed.keys() | installed.keys() if deployed.get(name) != installed.get(name))
    release = installed_version()
    if not names:
        return ok(f"The function has the code of the installed version, {release}.")
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return warning(
        f"The function has other code than the installed version, {release} ({', '.join(names[:_SHOWN])}{more}). "
        "Deploy the provider with this version, or install the version that it was deployed with."
    )


def installed_version() -> str:
    """Return the version of the installed library."""
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:
        return "which has no number"


def installed_files() -> Mapping[str, bytes]:
    """Return the files that a provider's function has if this version deploys it."""
    # The construct leaves out what only plans need (cdk_connect_phone_number/provider/function.py).
    return {
        path.relative_to(ASSET).as_posix(): path.read_bytes()
        for path in ASSET.rglob("*.py")
        if path.parent.name != "planning"
    }


def _files_at(location: str) -> Mapping[str, bytes]:
    try:
        with urlopen(location, timeout=_SECONDS) as response:  # noqa: S310 - the URL is Lambda's own
            archive = ZipFile(io.BytesIO(response.read()))
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".py")}
    except (OSError, ValueError, BadZipFile) as error:
        # The URL is signed, so it is not shown.
        raise NotRead(
            f"The function's code cannot be downloaded from where Lambda keeps it ({type(error).__name__}). Check the "
            "network."
        ) from error
