"""Redacts the data in responses that identifies an owner, so that a record can be shared.

Each redacted value becomes a placeholder. The same value becomes the same placeholder throughout a record. A reader can
therefore still see whether a response names a number by its id or its ARN, and whether two responses name the same
number.

If in question, the redaction removes too much. It works on text, not on the members of known responses, because the
content of a response of real AWS cannot be known in advance.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.json_types import as_list, as_mapping, is_tuple

KEPT_TAGS: Final = frozenset({"step", "acceptance-probe"})
"""Keys of the tags that a run sets itself, in addition to those that begin with ``contract.TAG_PREFIX``."""

_LONGEST: Final = 600
_LARGEST: Final = 999_999
"""A larger whole number may be an account or a phone number."""
_SHORTEST_SECRET: Final = 6

_ARN_WORDS: Final = frozenset(
    {
        "assumed-role",
        "contact-flow",
        "function",
        "instance",
        "log-group",
        "phone-number",
        "role",
        "root",
        "stack",
        "table",
        "traffic-distribution-group",
        "user",
    }
)
"""The words of an ARN's last part that are kept: kinds of resources. Everything else in it may be a private name."""

_SECRET_MEMBER: Final = re.compile(r"secret|passw|credential|signature|authorization|access.?key|session.?token", re.I)
_NAME_MEMBER: Final = re.compile(r"(?:^|user|flow|role|display)name$|e.?mail", re.I)
_TAG_MEMBERS: Final = frozenset({"tags", "tagkeys"})

_PATTERN: Final = r"""
      (?P<url>\b[a-z][a-z0-9+.-]*://\S*)
    | (?P<path>(?:/|\b[a-z]:\\)(?:home|users|root|tmp|work|var)[/\\]\S+)
    | (?P<parameter>(?:\b|_)(?:x-amz-[\w-]+|signature|awsaccesskeyid|token|password|secret\w*)\s*[=:]\s*\S+)
    | (?P<arn>\barn:[a-z-]+:[a-z0-9-]*:[a-z0-9-]*:[a-z0-9]*:[^\s"'`,;()\[\]{}<>]+)
    | (?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})
    | (?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<access>(?-i:\bA[A-Z]{3}[A-Z0-9]{12,})(?::[\w+=,.@-]+)?)
    | (?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}\b|(?:[0-9a-f]{0,4}:){4,7}[0-9a-f]{0,4})
    | (?P<number>\+\d(?:[\s().\-/]{0,2}\d){5,}|\d(?:[\s().\-/]{0,2}\d){8,}|\d{7,})
    | (?P<opaque>(?=[a-z.+/=_-]*\d)[a-z0-9.+/=_-]{20,}|[a-z0-9.+/=_-]{40,})
"""
_WORD: Final = r"(?:[a-z]{1,15}\d{0,2}|[A-Z]{1,15}|\d{1,2})"
_WORDS: Final = re.compile(rf"{_WORD}(?:[-_.]{_WORD})*")
"""Long texts that are not secret, such as a host name or a status."""
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[+\d\s().\-/]+")


class Redactor:
    """Redacts one record.

    Parameters
    ----------
    known : Mapping[str, str]
        Values that have a name, for example ``{"123456789012": "account"}``.
    secrets : Iterable[str]
        Values that must not appear, whatever they look like.
    """

    def __init__(self, known: Mapping[str, str], secrets: Iterable[str] = ()) -> None:
        self._known = {_normal(value): name for value, name in known.items() if value}
        self._secrets = _any_of(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)
        literals = _any_of(known)
        self._literals = re.compile(literals, re.IGNORECASE)
        self._pattern = re.compile(f"(?P<literal>{literals})|{_PATTERN}", re.VERBOSE | re.IGNORECASE)
        self._placeholders: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def clean(self, value: Any) -> Any:
        """Return a JSON value with placeholders."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int | float | Decimal):
            return self._number(value)
        if isinstance(value, datetime | date):
            return "<time>"
        if (members := as_mapping(value)) is not None:
            return dict(self._member(str(name), member) for name, member in members.items())
        if (elements := as_list(value)) is not None:
            return [self.clean(element) for element in elements]
        if is_tuple(value):
            return [self.clean(element) for element in value]
        return f"<{type(value).__name__}>"

    def has_leak(self, text: str) -> bool:
        """Return whether a text contains a secret or a known value."""
        folded = _folded(text)
        return bool(re.search(self._secrets, folded) or self._literals.search(folded))

    def _member(self, name: str, value: Any) -> tuple[str, Any]:
        cleaned = self._text(name)
        if _SECRET_MEMBER.search(name) and value not in (None, ""):
            return cleaned, "<secret>"
        if _NAME_MEMBER.search(name) and isinstance(value, str):
            # A name may look like ordinary text.
            return cleaned, self._named("name", value)
        if name.lower() in _TAG_MEMBERS:
            return cleaned, self._tags(value)
        return cleaned, self.clean(value)

    def _tags(self, value: Any) -> Any:
        if (tags := as_mapping(value)) is not None:
            return dict(self._tag(str(key), tag) for key, tag in tags.items())
        if (keys := as_list(value)) is not None:
            return [self._tag(str(key), "")[0] if isinstance(key, str) else self.clean(key) for key in keys]
        return self.clean(value)

    def _tag(self, key: str, value: Any) -> tuple[str, Any]:
        if key in KEPT_TAGS or key in contract.OWNERSHIP_TAGS:
            return key, self.clean(value)
        return self._placeholder("tag-key", key), self._placeholder("tag-value", str(value))

    def _number(self, value: float | Decimal) -> Any:
        if abs(float(value)) <= _LARGEST:
            return value if isinstance(value, int) else round(float(value), 3)
        return self._named("number", str(value))

    def _text(self, text: str) -> str:
        pieces = re.split(self._secrets, _folded(text))
        whole = "<secret>".join(self._pattern.sub(self._replacement, piece) for piece in pieces)
        return whole if len(whole) <= _LONGEST else whole[:_LONGEST] + "…"

    def _replacement(self, match: re.Match[str]) -> str:
        kind, found = match.lastgroup or "", match[0]
        match kind:
            case "url" | "path":
                return f"<{kind}>"
            case "parameter":
                return re.split(r"\s*[=:]", found, maxsplit=1)[0] + "=<secret>"
            case "access":
                return "<secret>"
            case "arn":
                return self._arn(found)
            case "opaque" if _WORDS.fullmatch(found):
                return found
            case "number" if re.fullmatch(r"\d{12}", found):
                return self._named("account", found)
            case _:
                return self._named(kind, found)

    def _arn(self, found: str) -> str:
        arn = found.rstrip(".:")
        _, partition, service, region, account, resource = arn.split(":", 5)
        owner = self._named("account", account) if account.isdigit() else account
        parts = "".join(self._arn_part(part) for part in re.split(r"([:/])", resource))
        return f"arn:{partition}:{service}:{region}:{owner}:{parts}{found[len(arn) :]}"

    def _arn_part(self, part: str) -> str:
        if part in _ARN_WORDS or part in ("", ":", "/", "*"):
            return part
        return self._named("id" if _UUID.fullmatch(part) else "name", part)

    def _named(self, kind: str, value: str) -> str:
        """Return the name of a known value, or else a placeholder."""
        name = self._known.get(_normal(value))
        return f"<{name}>" if name else self._placeholder(kind, value)

    def _placeholder(self, kind: str, value: str) -> str:
        key = kind, _normal(value)
        if key not in self._placeholders:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._placeholders[key] = f"<{kind}-{self._counts[kind]}>"
        return self._placeholders[key]


def _any_of(texts: Iterable[str]) -> str:
    """Return a pattern that matches any of the texts, the longest first. Without texts, it matches nothing."""
    escaped = sorted({re.escape(_folded(text)) for text in texts if text}, key=lambda text: (-len(text), text))
    return "|".join(escaped) or "(?!)"


def _folded(text: str) -> str:
    """Return a text without percent-encoding, wide digits, and invisible characters, which can hide other text."""
    folded = unicodedata.normalize("NFKC", unquote(unquote(text)))
    return "".join(character for character in folded if unicodedata.category(character) != "Cf")


def _normal(value: str) -> str:
    """Return a common form of equal values: the same number has the same form, however it is written."""
    folded = _folded(value).casefold()
    return re.sub(r"\D", "", folded) if _NUMBER.fullmatch(folded) else folded
