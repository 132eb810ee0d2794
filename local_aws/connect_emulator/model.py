"""Amazon Connect as botocore's own service model describes it: routes, shapes, and error codes.

The model defines the protocol, so this module does not know any operation by name. The emulator adds only
``CLIENT_TOKEN_PATTERN`` by hand: the API reference states it for ClaimPhoneNumber, but the model leaves it out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from botocore.loaders import Loader

from .errors import ServiceError
from .json_body import json_object
from .validation import Check, Copy, ShapeCompiler

CLIENT_TOKEN_PATTERN: Final = re.compile(r"[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}")
"""https://docs.aws.amazon.com/connect/latest/APIReference/API_ClaimPhoneNumber.html"""

_INTEGER: Final = re.compile("-?[0-9]{1,18}")
_INVALID_PARAMETER: Final = "InvalidParameterException"
_OPERATIONS_WITH_TOKEN_PATTERN: Final = frozenset({"ClaimPhoneNumber"})


@dataclass(frozen=True)
class Member:
    """The place of a member of an operation's input: the path, the query string, or the body."""

    location: str
    wire_name: str
    type: str


@dataclass(frozen=True)
class Operation:
    """One operation of the model.

    Attributes
    ----------
    name : str
        For example ``ClaimPhoneNumber``.
    path : tuple[str, ...]
        Segments of the path. A segment that is a parameter is written ``{Name}``.
    members : Mapping[str, Member]
        The members of the input.
    required : tuple[str, ...]
        The required members.
    token_member : str or None
        The member that is the client token; ``None`` if the operation takes none.
    errors : frozenset[str]
        The error codes that the model lists for the operation.
    """

    name: str
    path: tuple[str, ...]
    members: Mapping[str, Member]
    required: tuple[str, ...]
    token_member: str | None
    errors: frozenset[str]
    _check_input: Check
    _copy_input: Copy
    _copy_output: Copy

    def checked_input(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return a copy of ``parameters`` without members that the model does not know.

        Raises
        ------
        ServiceError
            InvalidParameterException, which names every member that breaks a constraint of the model, or
            InvalidRequestException if the model lists that one for the operation instead.
        """
        problems: list[str] = []
        self._check_input(parameters, "", problems)
        if self.name in _OPERATIONS_WITH_TOKEN_PATTERN and self.token_member is not None:
            token = parameters.get(self.token_member)
            if isinstance(token, str) and not CLIENT_TOKEN_PATTERN.fullmatch(token):
                problems.append(
                    f"Value '{token}' at 'clientToken' failed to satisfy constraint: Member must satisfy regular "
                    f"expression pattern: ^{CLIENT_TOKEN_PATTERN.pattern}$"
                )
        if problems:
            errors = "error" if len(problems) == 1 else "errors"
            raise service_error(
                _INVALID_PARAMETER if _INVALID_PARAMETER in self.errors else "InvalidRequestException",
                f"{len(problems)} validation {errors} detected: {'; '.join(problems)}",
            )
        copy: dict[str, Any] = self._copy_input(parameters)
        return copy

    def output(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of ``values`` that the operation's output has."""
        copy: dict[str, Any] = self._copy_output(values)
        return copy

    def parse(self, path: tuple[str, ...], query: str, body: bytes) -> dict[str, Any]:
        """Return the parameters of an HTTP request to this operation, without checking them.

        Parameters
        ----------
        path : tuple[str, ...]
            Segments of the request's path, still percent-encoded, because an ARN in a path has encoded slashes.
        query : str
            The query string, without ``?``.
        body : bytes
            JSON, or nothing.

        Raises
        ------
        ServiceError
            SerializationException if the body is not a JSON object.
        """
        in_path = {
            template[1:-1]: unquote(segment)
            for template, segment in zip(self.path, path, strict=True)
            if template.startswith("{")
        }
        in_query = parse_qs(query, keep_blank_values=True)
        try:
            in_body = json_object(body)
        except ValueError as error:
            raise service_error("SerializationException", str(error)) from error
        parameters: dict[str, Any] = {}
        for name, member in self.members.items():
            if member.location == "uri":
                parameters[name] = in_path[member.wire_name]
            elif member.location == "querystring":
                if member.wire_name in in_query:
                    values = in_query[member.wire_name]
                    parameters[name] = values if member.type == "list" else _from_query(values[0], member.type)
            elif member.wire_name in in_body:
                parameters[name] = in_body[member.wire_name]
        return parameters


class ServiceModel:
    """The service model of an AWS service that uses the rest-json protocol.

    Parameters
    ----------
    description : Mapping[str, Any]
        A botocore service model (``service-2.json``).
    """

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._description = description
        self._shapes: Mapping[str, Any] = description["shapes"]
        self._compiler = ShapeCompiler(self._shapes)
        self._operations: dict[str, Operation] = {}
        self._routes: dict[tuple[str, int], list[tuple[tuple[str, ...], str]]] = {}
        for name, operation in description["operations"].items():
            path = _segments(operation["http"]["requestUri"])
            self._routes.setdefault((operation["http"]["method"], len(path)), []).append((path, name))
        for routes in self._routes.values():
            # "/phone-number/claim" comes before "/phone-number/{PhoneNumberId}".
            routes.sort(key=lambda route: [segment.startswith("{") for segment in route[0]])

    def operation(self, name: str) -> Operation:
        """Return the operation ``name``. Raises ``KeyError`` if the model has no such operation."""
        if name not in self._operations:
            self._operations[name] = self._compile(name)
        return self._operations[name]

    def match(self, method: str, path: str) -> tuple[str, tuple[str, ...]] | None:
        """Return the name of the operation that an HTTP request calls, and the segments of its path."""
        segments = _segments(path)
        for template, name in self._routes.get((method, len(segments)), ()):
            if all(part.startswith("{") or part == segment for part, segment in zip(template, segments, strict=True)):
                return name, segments
        return None

    def error_status(self, code: str) -> int:
        """Return the HTTP status code of an error, or 400 if the model does not have the error."""
        status: int = self._shapes.get(code, {}).get("error", {}).get("httpStatusCode", 400)
        return status

    def _compile(self, name: str) -> Operation:
        description = self._description["operations"][name]
        shape = self._shapes[description["input"]["shape"]]
        token_member = None
        members: dict[str, Member] = {}
        for key, reference in shape["members"].items():
            members[key] = Member(
                location=reference.get("location", "body"),
                wire_name=reference.get("locationName", key),
                type=self._shapes[reference["shape"]]["type"],
            )
            if reference.get("idempotencyToken"):
                token_member = key
        output = description.get("output")
        return Operation(
            name=name,
            path=_segments(description["http"]["requestUri"]),
            members=members,
            required=tuple(shape.get("required", ())),
            token_member=token_member,
            errors=frozenset(error["shape"] for error in description.get("errors", ())),
            _check_input=self._compiler.check(description["input"]["shape"]),
            _copy_input=self._compiler.copy(description["input"]["shape"]),
            _copy_output=self._compiler.copy(output["shape"]) if output else lambda _: {},
        )


@cache
def connect_model() -> ServiceModel:
    """Return the model of Amazon Connect in the installed botocore."""
    return ServiceModel(Loader().load_service_model("connect", "service-2"))


def service_error(code: str, message: str) -> ServiceError:
    """Return the error ``code`` with the status code that the model assigns to it."""
    return ServiceError(code, message, connect_model().error_status(code))


def _from_query(text: str, type: str) -> str | int:
    # Text that is not an integer stays text, and the check of the input refuses it.
    return int(text) if type == "integer" and _INTEGER.fullmatch(text) else text


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.partition("?")[0].strip("/").split("/"))
