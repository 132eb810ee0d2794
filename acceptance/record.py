"""The record of a run: its calls and responses, redacted, in one file that can be shared."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.json_types import as_mapping

from .asking import Reply
from .number import Number
from .redaction import Redactor

FORMAT: Final = 1
DEFAULT_PATH: Final = Path("acceptance-record.json")

_ABOUT: Final = "Answers of AWS to the probes of `make acceptance`, redacted. docs/acceptance.md explains them."


class LeakError(Exception):
    """The content to write includes a value that must not be shared."""


@dataclass(frozen=True)
class Entry:
    """The results of one probe.

    Attributes
    ----------
    probe, assumption : str
        The probe's name, and the assumption that it checks.
    calls : tuple[str, ...]
        The operations that it calls.
    is_settled : bool
        Whether the result shows if the assumption holds.
    says : str
        The finding.
    replies : Sequence[Reply]
        The results of the calls.
    claimed_at : float
        When the number was claimed, in seconds since the epoch.
    """

    probe: str
    assumption: str
    calls: tuple[str, ...]
    is_settled: bool
    says: str
    replies: Sequence[Reply] = ()
    claimed_at: float = 0.0

    def content(self) -> dict[str, Any]:
        """Return the entry before it is redacted."""
        return {
            "settled": self.is_settled,
            "says": self.says,
            "responses": [self._respond(reply) for reply in self.replies],
        }

    def _respond(self, reply: Reply) -> dict[str, Any]:
        outcome: dict[str, Any] = {"response": reply.response}
        if reply.response is None:
            outcome = {
                "error": {
                    "code": reply.error_code,
                    "message": reply.error_message,
                    "http_status": reply.http_status,
                }
            }
        return {
            "label": reply.label,
            "operation": reply.operation,
            "parameters": reply.parameters,
            "seconds_after_claim": reply.at - self.claimed_at,
            **outcome,
        }


@dataclass
class Record:
    """One file, rewritten after each probe, because a run may end at any moment.

    Attributes
    ----------
    path : Path
        The file.
    header : Mapping[str, Any]
        The kind of account, number, and program that the record is about. Written without redaction.
    secrets : tuple[str, ...]
        Values that must not appear in the record.
    known : dict[str, str]
        Values that have their own placeholders, with the placeholders' names.
    outcome : str
        How the run ended.
    entries : dict[str, Entry]
        The results of the probes, by their names.
    """

    path: Path
    header: Mapping[str, Any]
    secrets: tuple[str, ...] = ()
    known: dict[str, str] = field(default_factory=dict[str, str])
    outcome: str = "The run was broken off."
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])

    def know(self, number: Number) -> None:
        """Give their own placeholders to all known values of the number."""
        target = number.target_arn.rpartition(":")[2]
        kind, _, target_id = target.partition("/")
        _, _, _, _, account, _ = number.arn.split(":", 5)
        self.known |= {
            account: "account",
            number.id: "number-id",
            number.phone_number: "phone-number",
            target_id: f"{kind}-id",
            number.tags.get(contract.PROVIDER_TAG, ""): "provider-id",
            number.tags.get(contract.CLAIM_TAG, ""): "claim-id",
            number.claim_token: "claim-token",
            number.release_token: "release-token",
        }

    def add(self, entry: Entry) -> None:
        """Add the results of a probe."""
        self.entries[entry.probe] = entry

    def content(self) -> dict[str, Any]:
        """Return the content to write.

        Raises
        ------
        LeakError
            If the redaction has missed a value.
        """
        # A new redactor for each file, because placeholders are numbered in the order in which their values occur.
        redactor = Redactor(self.known, self.secrets)
        content = {
            "about": _ABOUT,
            "format": FORMAT,
            **self.header,
            "outcome": redactor.clean(self.outcome),
            "probes": [_redacted(entry, redactor) for entry in self.entries.values()],
        }
        if redactor.has_leak(json.dumps(content, ensure_ascii=False)):
            raise LeakError("the redaction has missed something, so nothing is written")
        return content

    def save(self) -> None:
        """Write the file."""
        text = json.dumps(self.content(), indent=2, ensure_ascii=False)
        self.path.write_text(text + "\n", encoding="utf-8")


def _redacted(entry: Entry, redactor: Redactor) -> dict[str, Any]:
    content: dict[str, Any] = redactor.clean(entry.content())
    if redactor.has_leak(json.dumps(content, ensure_ascii=False)):
        # Leave out only this probe: the other probes were just as expensive.
        content = {"settled": False, "says": "Left out: the redaction has missed something.", "responses": []}
    return {"probe": entry.probe, "assumption": entry.assumption, "calls": list(entry.calls), **content}


def problem_with(path: Path) -> str | None:
    """Return why a record cannot be written to a file, or ``None`` if it can. Checked before anything is claimed."""
    if not path.parent.is_dir():
        return f"The folder of the record, {path.parent}, does not exist."
    if not path.exists():
        return None
    try:
        earlier = as_mapping(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        earlier = None
    if earlier is None or earlier.get("format") is None:
        return f"{path} exists, and is no record that could be replaced. Name another file."
    if earlier.get("is_of_aws"):
        return f"{path} is the record of an earlier run. Move it, or name another file."
    return None


def header_of(
    *, endpoint_url: str, target_arn: str, country_code: str, type: str, day: str, versions: Mapping[str, str]
) -> dict[str, Any]:
    """Return the record's description of the account, the number, and the program.

    Parameters
    ----------
    endpoint_url : str
        The URL of Amazon Connect, so that a record of the emulator cannot be mistaken for one of AWS.
    target_arn : str
        The target that the number was claimed to. Only its kind and its Region are recorded.
    country_code, type : str
        The kind of number.
    day : str
        The day of the run.
    versions : Mapping[str, str]
        The versions of the programs.
    """
    _, partition, _, region, _, target = target_arn.split(":", 5)
    host = endpoint_url.partition("://")[2].partition("/")[0]
    return {
        "is_of_aws": host.endswith((".amazonaws.com", ".amazonaws.com.cn")),
        "day": day,
        "partition": partition,
        "region": region,
        "target": target.partition("/")[0],
        "country_code": country_code,
        "type": type,
        "versions": dict(versions),
    }
