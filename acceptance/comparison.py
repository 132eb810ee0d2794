"""Compares a record of AWS with one of the emulator, in the parts of the responses on which the function relies.

The compared parts are the errors, the members of responses, and whether resources are named by ids or by ARNs. The
values belong to different accounts, so they are not compared.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lambda_handlers.connect_phone_number.json_types import as_list, as_mapping
from local_aws.connect_emulator.service import OPERATIONS

from .record import FORMAT

_ORDINAL: Final = re.compile(r"<([a-z-]+?)-\d+>")
_PLACE: Final = re.compile(r"arn:aws[a-z-]*:([a-z0-9-]+):[a-z0-9-]*:")
_TAGS: Final = "Tags"

Response = Mapping[str, Any]


def differences(recorded: Mapping[str, Any], emulated: Mapping[str, Any]) -> list[str]:
    """Return how the emulator's responses differ from the recorded ones, one sentence for each difference.

    Parameters
    ----------
    recorded : Mapping[str, Any]
        A record that was read from a file. Probes that the emulated record does not have are left out, and so are
        calls that the emulator does not support.
    emulated : Mapping[str, Any]
        A record of the same probes with the emulator's responses.

    Raises
    ------
    ValueError
        If a record has another format.
    """
    for record in (recorded, emulated):
        if record.get("format") != FORMAT:
            raise ValueError(f"a record of format {FORMAT} is needed, but this one has {record.get('format')!r}")
    ours = {probe["probe"]: _last_responses(probe) for probe in emulated["probes"]}
    return [
        f"{probe['probe']}, {label}: {difference}"
        for probe in recorded["probes"]
        if probe["probe"] in ours and probe["responses"]
        for label, difference in _differences(_last_responses(probe), ours[probe["probe"]])
    ]


def probes_with_responses(record: Mapping[str, Any]) -> dict[str, float]:
    """Return the names of a record's probes with calls, and how many seconds after the claim each one made them."""
    return {
        probe["probe"]: float(probe["responses"][0]["seconds_after_claim"])
        for probe in record["probes"]
        if probe["responses"]
    }


def _last_responses(probe: Mapping[str, Any]) -> dict[str, Response]:
    """Return the last response of each label. How often a call was repeated depends only on its duration."""
    return {response["label"]: response for response in probe["responses"] if response["operation"] in OPERATIONS}


def _differences(recorded: Mapping[str, Response], emulated: Mapping[str, Response]) -> Iterator[tuple[str, str]]:
    for label, response in recorded.items():
        if label not in emulated:
            yield label, "the emulator's responses did not lead to this call"
            continue
        for difference in _differences_in(_shape(response), _shape(emulated[label])):
            yield label, difference
    for label in emulated:
        if label not in recorded:
            yield label, "only the emulator's responses led to this call"


def _differences_in(recorded: Mapping[str, str], emulated: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(recorded.keys() | emulated.keys()):
        real, ours = recorded.get(name, "missing"), emulated.get(name, "missing")
        if real != ours:
            yield f"{name} is {real} in the record, {ours} in the emulator"


def _shape(response: Response) -> dict[str, str]:
    """Return the compared part of a response: the kind of value of each member."""
    error = as_mapping(response.get("error"))
    if error is not None:
        return {"the outcome": f"{error['code']} (HTTP {error['http_status']})"}
    return {"the outcome": "a response", **dict(_members("", response["response"]))}


def _members(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if (members := as_mapping(value)) is not None:
        for name, member in members.items():
            where = f"{path}.{name}" if path else name
            if name == _TAGS:
                # The claimant chooses the tags.
                yield where, "tags"
            else:
                yield from _members(where, member)
    elif (elements := as_list(value)) is not None:
        if not elements:
            yield path, "an empty list"
        for element in elements:
            yield from _members(f"{path}[]", element)
    else:
        yield path, _kind(value)


def _kind(value: Any) -> str:
    if not isinstance(value, str):
        return type(value).__name__
    # Placeholders distinguish a name from other text.
    if "<" not in value:
        return "text"
    return _PLACE.sub(r"arn:aws:\1:<region>:", _ORDINAL.sub(r"<\1>", value))
