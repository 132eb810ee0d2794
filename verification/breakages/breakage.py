"""What a breakage is: a change of the handler's code, and where its effect is to be looked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
HANDLERS: Final = "lambda_handlers"
PACKAGE: Final = f"{HANDLERS}/connect_phone_number"
UNIT_TESTS: Final = f"tests/unit/{PACKAGE}"


class PatchDoesNotFit(Exception):
    """The code has changed: what a breakage wants to replace is not there exactly once."""


@dataclass(frozen=True)
class Patch:
    """One textual change.

    Parameters
    ----------
    path
        The file, from the handler package on.
    old
        A text that occurs in it exactly once.
    new
        What takes its place.
    """

    path: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Change the file in the copy of the handlers that is in ``root``.

        Raises
        ------
        PatchDoesNotFit
            The text is not there exactly once.
        """
        file = root / PACKAGE / self.path
        text = file.read_text()
        found = text.count(self.old)
        if found != 1:
            raise PatchDoesNotFit(f"{self.path} has {found} times: {self.old}")
        file.write_text(text.replace(self.old, self.new))


@dataclass(frozen=True)
class Hunt:
    """Scenarios to be played.

    Parameters
    ----------
    scenarios
        Pattern of their names, as in ``fnmatch``.
    call
        Pattern of the calls to be hit, for example ``connect.ClaimPhoneNumber``. Default none.
    fault
        Pattern of the names of the faults that hit them. Default none.
    must_succeed
        Whether each Create and Update has to end in SUCCESS besides. Default ``False``: the invariants alone count.
    """

    scenarios: str
    call: str = ""
    fault: str = ""
    must_succeed: bool = False


@dataclass(frozen=True)
class Breakage:
    """One rule of the protocol that is broken on purpose.

    Parameters
    ----------
    name
        What is wrong with the broken handler.
    patches
        How the code is broken.
    hunts
        Which scenarios notice it.
    unit_tests
        What pytest is called with where no scenario can notice it: files and options.
    """

    name: str
    patches: tuple[Patch, ...]
    hunts: tuple[Hunt, ...] = ()
    unit_tests: tuple[str, ...] = ()
