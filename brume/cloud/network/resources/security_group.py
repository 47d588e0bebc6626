"""SecurityGroup: a set of ports that share rules. SecurityGroupRule: what a member may receive or send."""

from __future__ import annotations

from typing import Annotated, Any

from brume.cloud.errors import BadRequest
from brume.cloud.network import checks
from brume.cloud.network.errors import InvalidInput
from brume.cloud.network.protocols import IP_PROTOCOLS
from brume.cloud.network.resources.standard import FLAG, INTERNAL, Standard
from brume.cloud.network.security_group_errors import (
    SecurityGroupDefaultAlreadyExists,
    SecurityGroupInvalidPortValue,
    SecurityGroupRuleInvalidProtocol,
)
from brume.cloud.resource import Attribute, Resource, resource
from brume.values import InterfaceAddress

DEFAULT = "default"
ANY_PROTOCOL = (None, "any")
SHOWN_PROTOCOLS = (None, "any", *IP_PROTOCOLS)


class InvalidCIDR(BadRequest):
    """Neutron's error for a remote prefix that is none."""

    template = "Invalid CIDR {input} given as IP prefix."


def check_group_name(value: Any) -> str:
    """Any name but that of the group which every project has."""
    name = checks.NAME(value)
    if name.lower() == DEFAULT:
        raise SecurityGroupDefaultAlreadyExists()
    return str(name)


def check_protocol(value: Any) -> str | None:
    """A protocol's name or number as text; None for any."""
    if value in ANY_PROTOCOL:
        return None
    word = str(value).lower()
    if word in IP_PROTOCOLS or (word.isdecimal() and int(word) <= 255):
        return word
    raise SecurityGroupRuleInvalidProtocol(protocol=value, values=SHOWN_PROTOCOLS)


def check_port_number(value: Any) -> int | None:
    """0 to 65535."""
    if value is None:
        return None
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = -1
    if isinstance(value, bool) or not 0 <= number <= 65535:
        raise SecurityGroupInvalidPortValue(port=value)
    return number


def check_remote_prefix(value: Any) -> str | None:
    """An address or network, always with its length."""
    if not value:
        return None
    try:
        return str(InterfaceAddress.parse(value))
    except (ValueError, AttributeError):
        raise InvalidCIDR(input=value) from None


def check_ethertype(value: Any) -> str:
    """IPv4 or IPv6, in any case of letters."""
    for ethertype in ("IPv4", "IPv6"):
        if isinstance(value, str) and value.lower() == ethertype.lower():
            return ethertype
    raise InvalidInput(
        f"Security group rule for ethertype '{value}' not supported. Allowed values are ['IPv4', 'IPv6']."
    )


@resource("security_group", "security_groups")
class SecurityGroup(Standard, frozen=True, kw_only=True):
    """A security group. Its rules are added when it is shown."""

    name: Annotated[str, Attribute(check=check_group_name)] = ""
    stateful: Annotated[bool, FLAG] = True
    is_project_default: Annotated[bool, INTERNAL] = False


@resource("default_security_group", "default_security_groups", key=("project_id",))
class DefaultSecurityGroup(Resource, frozen=True, kw_only=True):
    """Which group is a project's default one: at most one, by the key."""

    project_id: Annotated[str, Attribute(length=64)]
    security_group_id: Annotated[str, Attribute(length=36, references="security_groups.id", on_delete="CASCADE")]


@resource("security_group_rule", "security_group_rules")
class SecurityGroupRule(Standard, frozen=True, kw_only=True):
    """A rule: what is allowed to (ingress) or from (egress) the group's ports. There are no rules that deny."""

    security_group_id: Annotated[
        str,
        Attribute(
            required=True, update=False, length=36, index=True, check=checks.uuid, references="security_groups.id"
        ),
    ]
    ethertype: Annotated[str, Attribute(update=False, length=8, check=check_ethertype)] = "IPv4"
    direction: Annotated[
        str, Attribute(required=True, update=False, length=8, check=checks.one_of("ingress", "egress"))
    ]
    protocol: Annotated[str | None, Attribute(update=False, length=40, check=check_protocol)] = None
    port_range_min: Annotated[int | None, Attribute(update=False, check=check_port_number)] = None
    port_range_max: Annotated[int | None, Attribute(update=False, check=check_port_number)] = None
    remote_ip_prefix: Annotated[str | None, Attribute(update=False, check=check_remote_prefix)] = None
    normalized_cidr: Annotated[str | None, Attribute(create=False, update=False, filter=False)] = None
    remote_group_id: Annotated[
        str | None, Attribute(update=False, length=36, index=True, check=checks.optional(checks.text(36)))
    ] = None
    remote_address_group_id: Annotated[
        str | None, Attribute(update=False, length=36, check=checks.optional(checks.text(36)))
    ] = None
    belongs_to_default_sg: Annotated[bool, Attribute(create=False, update=False)] = False
