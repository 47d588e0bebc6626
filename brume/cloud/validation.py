"""Validation: a request's body, by a resource's declaration, to values a rule can use.

Values come out by field name, converted to the fields' types, and hold only what was given: defaults are the row's.
Errors are typed parts (`errors.InvalidAttribute` and its kin); each service words them its own way at the edge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from brume.cloud.errors import (
    InvalidAttribute,
    InvalidFilter,
    MissingAttribute,
    ReadOnlyAttribute,
    UnknownAttribute,
)
from brume.cloud.resource import Declaration, Field, is_known

Values = dict[str, Any]
Version = tuple[int, int] | None

LARGEST = 2**63 - 1
"""What SQL's BIGINT holds."""

TRUE = frozenset(("true", "1", "yes", "on", "t", "y"))
FALSE = frozenset(("false", "0", "no", "off", "f", "n"))


def for_create(declaration: Declaration, given: Mapping[str, Any], version: Version = None) -> Values:
    """The values of a request to make a resource."""
    values = _convert(declaration, given, "POST", version)
    for field in declaration.fields:
        if field.attribute is not None and field.attribute.required and field.name not in values:
            raise MissingAttribute(attribute=field.wire, resource=declaration.name)
    return values


def for_update(declaration: Declaration, given: Mapping[str, Any], version: Version = None) -> Values:
    """The values of a request to change a resource."""
    return _convert(declaration, given, "PUT", version)


def _convert(declaration: Declaration, given: Mapping[str, Any], operation: str, version: Version) -> Values:
    values: Values = {}
    unknown: dict[str, Any] = {}
    for wire, value in given.items():
        field = declaration.by_wire.get(wire)
        if field is None or field.attribute is None or not is_known(field.attribute, version):
            unknown[wire] = value
            continue
        if not (field.attribute.create if operation == "POST" else field.attribute.update):
            raise ReadOnlyAttribute(attribute=wire, operation=operation, resource=declaration.name)
        values[field.name] = convert(field, value)
    if unknown and declaration.extra is None:
        raise UnknownAttribute(attributes=", ".join(sorted(unknown)), resource=declaration.name)
    if unknown and declaration.extra is not None:
        values[declaration.extra] = unknown
    return values


def convert(field: Field, value: Any) -> Any:
    """A JSON value as the field's value; raises InvalidAttribute."""
    attribute = field.attribute
    if value is None and field.nullable and (attribute is None or attribute.check is None):
        return None
    try:
        if attribute is not None and attribute.check is not None:
            return attribute.check(value)
        converted = msgspec.convert(value, field.type)
    except (ValueError, msgspec.ValidationError) as error:
        raise InvalidAttribute(
            attribute=field.wire, reason=str(error).rstrip("."), value=value, expected=json_type(field)
        ) from None
    if isinstance(converted, int) and abs(converted) > LARGEST:
        raise InvalidAttribute(attribute=field.wire, reason="the number is too large", value=value, expected="integer")
    if attribute is not None and isinstance(converted, str):
        _check_text(field, converted)
    return converted


def _check_text(field: Field, text: str) -> None:
    attribute = field.attribute
    if attribute is None:
        return
    reason = None
    limit = attribute.length or 255
    if field.type is str and attribute.check is None and len(text) > limit:
        reason = f"'{text}' exceeds maximum length of {limit}"
    elif len(text) < attribute.minimum_length:
        reason = f"'{text}' is too short"
    if reason is not None:
        raise InvalidAttribute(attribute=field.wire, reason=reason, value=text, expected="string")


def json_type(field: Field) -> str:
    """The JSON Schema word for the field's type."""
    words = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object"}
    if field.type in words:
        return words[field.type]
    origin = getattr(field.type, "__origin__", None)
    return {dict: "object", tuple: "array"}.get(origin or field.type, "string")


def to_boolean(text: str) -> bool:
    """ "true", "1", "yes", ... as query strings have them; raises ValueError."""
    word = text.lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ValueError(f"'{text}' is not a valid boolean value")


def for_filter(declaration: Declaration, wire: str, texts: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
    """A query parameter as a field name and the values wanted; raises InvalidFilter, InvalidAttribute."""
    field = declaration.by_wire.get(wire)
    if field is None or field.attribute is None or not field.attribute.filter:
        raise InvalidFilter(attributes=[wire])
    try:
        return field.name, tuple(_from_text(field, text) for text in texts)
    except ValueError as error:
        raise InvalidAttribute(attribute=wire, reason=str(error), value=texts[0], expected=json_type(field)) from None


def _from_text(field: Field, text: str) -> Any:
    if field.type is bool:
        return to_boolean(text)
    if field.type is int:
        if len(text) > 19 or abs(int(text)) > LARGEST:
            raise ValueError(f"'{text}' is too large")
        return int(text)
    if field.type is float:
        return float(text)
    return text
