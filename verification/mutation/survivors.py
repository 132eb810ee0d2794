"""The results of mutmut, read from the files that it writes beside the mutants."""

import ast
import json
import re
from collections import Counter
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Final

_SURVIVED: Final = 0
_NO_TEST: Final = 33
_NUMBER: Final = re.compile(r"__mutmut_\d+$")


@dataclass(frozen=True)
class Module:
    """One module's mutants.

    Parameters
    ----------
    killed
        How many mutants a test noticed, or that did not end in time.
    unfinished
        How many mutants were not tested.
    survivors
        The changes that no test noticed, by the mutant's name.
    """

    name: str
    killed: int
    unfinished: int
    survivors: dict[str, str]


def read(mutants: Path) -> list[Module]:
    """Return the results for the mutants of each module."""
    modules = list[Module]()
    for meta in sorted(mutants.rglob("*.py.meta")):
        codes: dict[str, int | None] = json.loads(meta.read_text())["exit_code_by_key"]
        if not codes:
            continue
        source = meta.with_suffix("")
        found = Counter(codes.values())
        survivors = [name for name, code in codes.items() if code in (_SURVIVED, _NO_TEST)]
        killed = len(codes) - len(survivors) - found[None]
        modules.append(Module(source.name, killed, found[None], _changes(source, survivors)))
    return modules


def table(modules: list[Module]) -> str:
    """Return the results as a Markdown table."""
    lines = ["| Module | Mutants | Noticed | Survived |", "| --- | ---: | ---: | ---: |"]
    for module in modules:
        count = module.killed + len(module.survivors)
        lines.append(f"| `{module.name}` | {count} | {module.killed} | {len(module.survivors)} |")
    return "\n".join(lines)


def _changes(source: Path, names: list[str]) -> dict[str, str]:
    functions = {
        node.name: ast.unparse(node)
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    changes = dict[str, str]()
    for name in names:
        own = name.rpartition(".")[2]
        original = functions[_NUMBER.sub("__mutmut_orig", own)].splitlines()[1:]
        mutant = functions[own].splitlines()[1:]
        lines = unified_diff(original, mutant, lineterm="", n=0)
        changes[own] = "\n".join(line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---"))
    return changes
