"""Checks of attribute values, in Neutron's words.

Each check takes a JSON value and answers the field's value, or raises ValueError with the reason that follows
"Invalid input for <attribute>. Reason: ...". Where Neutron raises an error of its own instead, so do these.
What depends on other rows (does the subnet exist?) is not here but with the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from brume.cloud.network.errors import InvalidInput
from brume.values import MacAddress, Prefix, parse_address

T = TypeVar("T")
Check = Callable[[Any], Any]

UUID = re.compile(r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\Z")
MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}\Z")
DNS_LABEL = re.compile(r"[a-zA-Z0-9-]{1,63}\Z")
TRUE = frozenset(("1", "t", "true", "on", "y", "yes"))
FALSE = frozenset(("0", "f", "false", "off", "n", "no"))


def text(longest: int) -> Check:
    """A text of at most `longest` characters."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"'{value}' is not a valid string")
        if len(value) > longest:
            raise ValueError(f"'{value}' exceeds maximum length of {longest}")
        return value

    return check


NAME = text(255)


def optional(check: Check) -> Check:
    """None, or what `check` takes."""
    return lambda value: None if value is None else check(value)


def one_of(*values: Any) -> Check:
    """One of these."""
    shown = list(values)

    def check(value: Any) -> Any:
        if value not in values:
            raise ValueError(f"{value} is not in {shown}")
        return value

    return check


def boolean(value: Any) -> bool:
    """A boolean, or what Neutron takes for one."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int):
        word = str(value).lower()
        if word in TRUE:
            return True
        if word in FALSE:
            return False
    raise InvalidInput(error_message=f"'{value}' cannot be converted to boolean")


def integer(value: Any) -> int:
    """An integer, or its text."""
    if not isinstance(value, bool):
        try:
            return int(value)
        except (TypeError, ValueError):
            pass
    raise InvalidInput(error_message=f"'{value}' is not an integer")


def within(least: int, most: int | None = None) -> Check:
    """An integer in a range."""

    def check(value: Any) -> int:
        number = integer(value)
        if number < least:
            raise ValueError(f"'{value}' is too small - must be at least '{least}'")
        if most is not None and number > most:
            raise ValueError(f"'{value}' is too large - must be no larger than '{most}'")
        return number

    return check


def uuid(value: Any) -> str:
    """The identifier of something."""
    if not isinstance(value, str) or not UUID.match(value):
        raise ValueError(f"'{value}' is not a valid UUID")
    return value


def unique(values: Any, check: Callable[[Any], T]) -> tuple[T, ...]:
    """A list without duplicates."""
    if not isinstance(values, list | tuple):
        raise ValueError(f"'{values}' is not a list")
    duplicates = [value for number, value in enumerate(values) if value in values[:number]]
    if duplicates:
        raise ValueError(f"Duplicate items in the list: '{', '.join(map(str, duplicates))}'")
    return tuple(check(value) for value in values)


def uuids(value: Any) -> tuple[str, ...]:
    """A list of identifiers; None is the empty list."""
    return () if value is None else unique(value, uuid)


def texts(longest: int) -> Check:
    """A list of different texts."""
    return lambda value: unique(value, text(longest))


def mac(value: Any) -> str:
    """A unicast MAC address in its usual form."""
    if isinstance(value, str) and MAC.match(value):
        address = MacAddress.parse(value)
        if address != MacAddress.ZERO and not address.is_multicast:
            return str(address)
    raise ValueError(f"'{value}' is not a valid MAC address")


def ip(value: Any) -> str:
    """An address, IPv6 in canonical form."""
    if isinstance(value, str):
        try:
            return str(parse_address(value))
        except ValueError:
            pass
    raise ValueError(f"'{value}' is not a valid IP address")


def cidr(value: Any) -> str:
    """What a subnet is given: an address and a length; host bits are cut by the rule, not here."""
    try:
        address, slash, length = str(value).partition("/")
        parsed = parse_address(address)
        if slash and not 0 <= int(length) <= parsed.BITS:
            raise ValueError
    except ValueError:
        raise InvalidInput(error_message=f"{value} is not in a CIDR format") from None
    return f"{parsed}/{length or parsed.BITS}"


def network_prefix(value: Any) -> str:
    """The destination of a route: a network without host bits."""
    if isinstance(value, str) and "/" in value:
        try:
            prefix = Prefix.parse(value)
        except ValueError:
            prefix = None
        if prefix is not None:
            if prefix.network.is_loopback:
                raise ValueError(f"'{value}' is not a routable CIDR")
            return str(prefix)
    raise ValueError(f"'{value}' is not a valid CIDR")


def dictionary(value: Any) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise ValueError(f"'{value}' is not a dictionary")
    return value


def expect_keys(value: Any, keys: Iterable[str]) -> Mapping[str, Any]:
    """A JSON object with exactly these keys."""
    expected = set(keys)
    if not isinstance(value, dict):
        raise ValueError(f"Invalid input. '{value}' must be a dictionary with keys: {sorted(expected)}")
    if set(value) != expected:
        raise ValueError(
            f"Validation of dictionary's keys failed. Expected keys: {expected} Provided keys: {set(value)}"
        )
    return value


def nameservers(value: Any) -> tuple[str, ...]:
    """DNS servers by address; None is the empty list."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ValueError(f"Invalid data format for nameserver: '{value}'")
    hosts: list[str] = []
    for host in value:
        try:
            address = ip(host)
        except ValueError as error:
            raise ValueError(f"'{host}' is not a valid nameserver. {error}") from None
        if address in hosts:
            raise ValueError(f"Duplicate nameserver '{host}'")
        hosts.append(address)
    return tuple(hosts)


def dns_name(value: Any) -> str:
    """A partly or fully qualified name, or nothing."""
    name: str = NAME(value)
    labels = name.removesuffix(".").split(".") if name else []
    reason = next(filter(None, map(_label_fault, labels)), None)
    if reason is None and len(labels) > 1 and labels[-1].isdigit():
        reason = f"TLD '{labels[-1]}' must not be all numeric"
    if reason is not None:
        raise ValueError(f"'{value}' not a valid PQDN or FQDN. Reason: {reason}")
    return name


def _label_fault(label: str) -> str | None:
    if not label:
        return "Encountered an empty component"
    if label.startswith("-") or label.endswith("-"):
        return f"Name '{label}' must not start or end with a hyphen"
    if not DNS_LABEL.match(label):
        return f"Name '{label}' must be 1-63 characters long, each of which can only be alphanumeric or a hyphen"
    return None
