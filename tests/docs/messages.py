"""Every message that the code can give a person, read from the source."""

import ast
from collections.abc import Iterator
from typing import Final

from docs.tools.pages import ROOT

HOLE: Final = "…"
"""Stands where a message has a value."""

_SHORTEST: Final = 25
# What the operator's command and a plan say is on the screen of the person who has just asked, with what to do.
_WITH_HELP_ON_THE_SPOT: Final = frozenset({"cli", "planning"})
_SOURCES: Final = (
    *(
        path
        for folder in (ROOT / "lambda_handlers" / "connect_phone_number", ROOT / "cdk_connect_phone_number")
        for path in sorted(folder.rglob("*.py"))
        if path.parent.name not in _WITH_HELP_ON_THE_SPOT and path.parent.parent.name not in _WITH_HELP_ON_THE_SPOT
    ),
    ROOT / "stacks" / "context.py",
)
# What these say is shown in the console or in a log, beside what they describe, and needs no help.
_NOT_FOR_ERRORS: Final = frozenset(
    {
        "description",
        "alarm_description",
        "reason",
        "_alarm",
        # What a linter reads.
        "cdk_nag",
        "cdk_nag_2",
        "checkov",
        # The end of a message that is explained as a whole.
        "remedy",
        "backoff",
        "error",
        "info",
        "warning",
        "compile",
        # What Python says of a wrong import.
        "AttributeError",
        "Property",
        "Transition",
        "IllegalTransition",
    }
)
_NO_MESSAGES: Final = frozenset({"permissions.py", "monitoring.py", "phone_number_dashboard.py"})


def messages() -> Iterator[tuple[str, str]]:
    """Yield where a message is and the message, with ``HOLE`` for each value in it."""
    for source in _SOURCES:
        if source.name in _NO_MESSAGES:
            continue
        tree = ast.parse(source.read_text())
        for text in _Texts.of(tree):
            if len(text) >= _SHORTEST and " " in text.strip():
                yield source.relative_to(ROOT).as_posix(), text


class _Texts(ast.NodeVisitor):
    """Collects the texts of a module that are neither docstrings nor meant for the log."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @classmethod
    def of(cls, tree: ast.AST) -> list[str]:
        visitor = cls()
        visitor.visit(tree)
        return visitor.found

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called not in _NOT_FOR_ERRORS:
            self.visit(node.func)
            for argument in node.args:
                self.visit(argument)
        for keyword in node.keywords:
            if keyword.arg not in _NOT_FOR_ERRORS:
                self.visit(keyword.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        parts = [str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values]
        self.found.append("".join(parts))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.found.append(node.value)
