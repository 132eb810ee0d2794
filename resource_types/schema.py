"""A resource type's JSON Schema, with the type's name as in the schemas of CloudFormation's registry.

It says names, types, and limits. Whether values go together, only the function checks.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lambda_handlers.connect_phone_number.contract import POOL_RESOURCE_TYPE, RESOURCE_TYPE
from lambda_handlers.connect_phone_number.properties import RESOURCE_TYPES, Kind, Property
from lambda_handlers.connect_phone_number.rules import MAX_TAG_KEY_LENGTH, MAX_TAG_VALUE_LENGTH

_HERE: Final = Path(__file__).parent
_LINK: Final = re.compile(r"\[([^]]*)\]\([^)]*\)")

SCHEMAS: Final[Mapping[str, Path]] = {
    RESOURCE_TYPE: _HERE / "connect-phone-number.json",
    POOL_RESOURCE_TYPE: _HERE / "connect-phone-number-pool.json",
}
"""Where the schema of each resource type is."""

DESCRIPTIONS: Final[Mapping[str, str]] = {
    RESOURCE_TYPE: "A phone number that Amazon Connect holds as long as the stack has this resource.",
    POOL_RESOURCE_TYPE: "A pool in which the numbers of deleted resources are parked, for resources that are created "
    "later.",
}

_TAG: Final = {
    "title": "Tag",
    "type": "object",
    "additionalProperties": False,
    "required": ["Key", "Value"],
    "properties": {
        "Key": {"type": "string", "minLength": 1, "maxLength": MAX_TAG_KEY_LENGTH},
        "Value": {"type": "string", "maxLength": MAX_TAG_VALUE_LENGTH},
    },
}


def plain(text: str) -> str:
    """Return Markdown without its links."""
    return _LINK.sub(r"\1", text)


def schema_text(resource_type: str) -> str:
    """Return a resource type's schema as JSON."""
    properties = RESOURCE_TYPES[resource_type]
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": resource_type.removeprefix("Custom::") + "Props",
        "typeName": resource_type,
        "description": DESCRIPTIONS[resource_type],
        "type": "object",
        "additionalProperties": False,
        "required": [each.name for each in properties if each.required == "yes"],
        "properties": {each.name: _property(each) for each in properties},
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _property(each: Property) -> dict[str, Any]:
    optional: dict[str, Any] = {"examples": [each.example]} if each.example else {}
    if each.allowed:
        optional["enum"] = list(each.allowed)
    match each.kind:
        case Kind.FLAG:
            values: dict[str, Any] = {"type": "boolean"}
        case Kind.COUNT | Kind.SECONDS:
            values = {"type": "integer", "minimum": each.least, "maximum": each.most}
            optional["examples"] = [int(each.example)]
        case Kind.TAGS:
            values = {"type": "array", "items": _TAG, "maxItems": each.most}
        case Kind.NUMBERS:
            values = {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "maxItems": each.most}
        case Kind.TEXT | Kind.POOL:
            values = {"type": "string"} | ({} if each.most is None else {"maxLength": each.most})
    return {"description": plain(each.values), **values, **optional}
