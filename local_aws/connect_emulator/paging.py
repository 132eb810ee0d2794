"""Pages of a list, and the opaque tokens that lead from one page to the next."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from .model import service_error

_NOT_PART_OF_THE_QUERY: Final = ("NextToken", "MaxResults")


def start_of_page(parameters: Mapping[str, Any]) -> int:
    """Return the start of the page that ``NextToken`` requests, or 0 for the first page.

    Raises
    ------
    ServiceError
        InvalidParameterException if the token does not belong to the same query.
    """
    token = parameters.get("NextToken")
    if token is None:
        return 0
    try:
        start, query = json.loads(base64.urlsafe_b64decode(token))
        if query == _query(parameters):
            return int(start)
    except (ValueError, TypeError):
        pass
    raise service_error("InvalidParameterException", "Invalid NextToken")


def next_token(parameters: Mapping[str, Any], start: int) -> str:
    """Return the token for the page of the same query that begins at ``start``."""
    return base64.urlsafe_b64encode(json.dumps([start, _query(parameters)]).encode()).decode()


def _query(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in _NOT_PART_OF_THE_QUERY}
