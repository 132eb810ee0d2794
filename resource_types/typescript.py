"""The typed properties of the TypeScript package, and how they become those of the resource types."""

import re
from collections.abc import Iterator
from typing import Final

from lambda_handlers.connect_phone_number.properties import RESOURCE_TYPES, Kind, Property
from lambda_handlers.connect_phone_number.rules import PHONE_NUMBER_TYPES

from .schema import DESCRIPTIONS, plain

_HEAD: Final = """\
// Written by `python -m resource_types` from lambda_handlers/connect_phone_number/properties.py. Do not edit.

import { CfnTag, Duration } from 'aws-cdk-lib';
import { IPhoneNumberPool } from './pool-interface';
"""
_TYPES: Final = {
    Kind.TEXT: "string",
    Kind.FLAG: "boolean",
    Kind.COUNT: "number",
    Kind.SECONDS: "Duration",
    Kind.POOL: "IPhoneNumberPool",
    Kind.NUMBERS: "string[]",
    Kind.TAGS: "CfnTag[]",
}
_NUMBER_TYPE: Final = "PhoneNumberType"


def properties_module() -> str:
    """Return the text of ``properties.ts``."""
    return "\n".join([_HEAD, *_number_type(), *(line for name in RESOURCE_TYPES for line in _resource_type(name))])


def camel_case(name: str) -> str:
    """Return a property's name in TypeScript."""
    return name[0].lower() + name[1:]


def _number_type() -> Iterator[str]:
    yield "/** A type of phone number in Amazon Connect. */"
    yield f"export enum {_NUMBER_TYPE} {{"
    for name in PHONE_NUMBER_TYPES:
        yield f"  /** `{name}` */"
        yield f"  {name} = '{name}',"
    yield "}\n"


def _resource_type(resource_type: str) -> Iterator[str]:
    # The construct gives the service token. It knows where the provider publishes it.
    rows = [each for each in RESOURCE_TYPES[resource_type] if each.name != "ServiceToken"]
    name = resource_type.removeprefix("Custom::")
    yield f"/** {DESCRIPTIONS[resource_type]} */"
    yield f"export interface {name}Props {{"
    for each in rows:
        yield from _declaration(each, {row.name for row in rows})
    yield "}\n"
    yield "/**"
    yield f" * The properties as `{resource_type}` takes them."
    yield " * @internal"
    yield " */"
    yield f"export function to{name}(props: {name}Props): Record<string, unknown> {{"
    yield "  return {"
    for each in rows:
        yield f"    {each.name}: {_value(each)},"
    yield "  };"
    yield "}\n"


def _declaration(each: Property, names: set[str]) -> Iterator[str]:
    is_required = each.required == "yes"
    yield "  /**"
    yield f"   * {_comment(each.values, names)}"
    if not is_required:
        yield "   *"
        needed = "" if each.required == "no" else f"; needed {_comment(each.required, names)}"
        yield f"   * @default - not set{needed}"
    yield "   */"
    kind = _NUMBER_TYPE if each.allowed else _TYPES[each.kind]
    yield f"  readonly {camel_case(each.name)}{'' if is_required else '?'}: {kind};"


def _comment(text: str, names: set[str]) -> str:
    return re.sub(r"`(\w+)`", lambda m: f"`{camel_case(m[1])}`" if m[1] in names else m[0], plain(text))


def _value(each: Property) -> str:
    value = f"props.{camel_case(each.name)}"
    mark = "" if each.required == "yes" else "?"
    match each.kind:
        case Kind.SECONDS:
            return f"{value}{mark}.toSeconds()"
        case Kind.POOL:
            return f"{value}{mark}.poolId"
        case _:
            return value
