"""The definition of a breakage: a change of the handler's code, and the scenarios that must notice it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
HANDLERS: Final = "lambda_handlers"
PACKAGE: Final = f"{HANDLERS}/connect_phone_number"
UNIT_TESTS: Final = f"tests/unit/{PACKAGE}"


class PatchDoesNotFit(Exception):
    """The code has changed: the text that a breakage replaces does not occur exactly once."""


@dataclass(frozen=True)
class Patch:
    """One textual change.

    Parameters
    ----------
    path
        The file, relative to the handler package.
    old
        A text that occurs exactly once in the file.
    new
        The text that replaces it.
    """

    path: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Change the file in the copy of the handlers under ``root``.

        Raises
        ------
        PatchDoesNotFit
            The old text does not occur exactly once.
        """
        file = root / PACKAGE / self.path
        text = file.read_text()
        found = text.count(self.old)
        if found != 1:
            raise PatchDoesNotFit(f"{self.path} has {found} times: {self.old}")
        file.write_text(text.replace(self.old, self.new))


@dataclass(frozen=True)
class Hunt:
    """Scenarios to play against a broken handler.

    Parameters
    ----------
    scenarios
        Pattern of their names, as for ``fnmatch``.
    call
        Pattern of the calls to hit, for example ``connect.ClaimPhoneNumber``. Default none.
    fault
        Pattern of the names of the faults that hit these calls. Default none.
    must_succeed
        Whether each Create and Update must also end in SUCCESS. Default ``False``: only the invariants count.
    """

    scenarios: str
    call: str = ""
    fault: str = ""
    must_succeed: bool = False


@dataclass(frozen=True)
class Breakage:
    """One rule of the protocol, broken on purpose.

    Parameters
    ----------
    name
        What the broken handler does wrong.
    patches
        The changes that break the code.
    hunts
        The scenarios that notice the breakage.
    unit_tests
        The arguments of pytest (files and options), for a breakage that no scenario can notice.
    """

    name: str
    patches: tuple[Patch, ...]
    hunts: tuple[Hunt, ...] = ()
    unit_tests: tuple[str, ...] = ()
