"""Troubleshooting has every message that the code can give."""

import re

from docs.tools.pages import ROOT

from .messages import HOLE, messages

_ENOUGH = 30
"""So many characters tell a message from all others."""

_TEXT = (ROOT / "docs" / "troubleshooting.md").read_text()
_PAGE = " ".join(_TEXT.split())


def essence(message: str) -> str:
    """Return the beginning of the longest part without a value, in the message's first sentence."""
    sentence = re.split(r"[.…] (?=[A-Z])", message)[0]
    return max(sentence.split(HOLE), key=len).strip(" .:,()")[:_ENOUGH]


def test_every_message_is_explained() -> None:
    assert [(source, message) for source, message in messages() if essence(message) not in _PAGE] == []


def test_the_messages_are_found() -> None:
    assert len(list(messages())) >= 60


def test_the_likeliest_are_messages_that_exist() -> None:
    section = _TEXT.split("\n## The five likeliest\n")[1].split("\n## ")[0]
    quoted = re.findall(r"^\d\. `([^`]+)`", section, re.MULTILINE)
    given = [re.sub(f"{HOLE}+", HOLE, message) for _, message in messages()]

    assert len(quoted) == 5
    assert [quote for quote in quoted if not any(quote in message for message in given)] == []
