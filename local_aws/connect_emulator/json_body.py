"""Bodies of HTTP requests, which both the service and the control API read."""

import json
from typing import Any, cast


def json_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object. An empty body is an empty object.

    Raises
    ------
    ValueError
        If the body is anything else.
    """
    if not body:
        return {}
    try:
        value: object = json.loads(body)
    except ValueError as error:
        raise ValueError("The request body is not valid JSON.") from error
    if not isinstance(value, dict):
        raise ValueError("The request body is not a JSON object.")
    return cast(dict[str, Any], value)
