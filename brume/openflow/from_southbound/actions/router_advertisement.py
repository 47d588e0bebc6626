"""put_nd_ra_opts(...): a whole router advertisement (RFC 4861 section 4.2) in userdata, ready to be sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.expressions import steps
from brume.expressions.constants import Constant, prefix_length
from brume.openflow.from_southbound.actions.context import CannotEncode, Context, resolved
from brume.openflow.from_southbound.actions.controller import result_header, tell
from brume.openflow.messages.actions import Actions
from brume.openflow.packet_in.opcodes import Opcode
from brume.packets.dns import write_name
from brume.values import InterfaceAddress, Ipv6Address

HOP_LIMIT: Final = 255
LIFETIME: Final = 0xFFFF
MANAGED, OTHER = 0x80, 0x40
PREFERENCES: Final = {"LOW": 0x18, "HIGH": 0x08}
ON_LINK, AUTONOMOUS = 0x80, 0x40
PREFIX_LIFETIME: Final = 0xFFFFFFFF


def put_nd_ra_opts(step: steps.PutOptions, context: Context) -> Actions:
    """field = put_nd_ra_opts(addr_mode = "slaac", slla = ..., prefix = ...);"""
    flags, options = 0, b""
    for option in step.options:
        flags |= _flags(option)
        options += _option(option, flags)
    head = bytes((134, 0, 0, 0, HOP_LIMIT, flags)) + LIFETIME.to_bytes(2, "big") + bytes(8)
    return (tell(context, Opcode.PUT_ND_RA_OPTS, result_header(resolved(step.target)) + head + options, pause=True),)


def _flags(option: steps.OptionValue) -> int:
    said = option.values[0]
    if option.option.name == "addr_mode":
        return {"dhcpv6_stateful": MANAGED, "dhcpv6_stateless": OTHER}.get(str(said), 0)
    if option.option.name == "router_preference":
        return PREFERENCES.get(str(said), 0)
    return 0


def _option(option: steps.OptionValue, flags: int) -> bytes:
    name, value = option.option.name, option.values[0]
    if name in ("addr_mode", "router_preference"):
        return b""
    if isinstance(value, str):
        if name == "dnssl":
            return search_list(value)
        if name == "route_info":
            return b"".join(routes(value))
        raise CannotEncode(f"put_nd_ra_opts: {name}")
    if name == "slla":
        return bytes((1, 1)) + value.value.to_bytes(6, "big")
    if name == "mtu":
        return bytes((5, 1, 0, 0)) + value.value.to_bytes(4, "big")
    if name == "prefix":
        return _prefix(value, flags)
    if name == "rdnss":
        return bytes((25, 3, 0, 0)) + b"\xff" * 4 + value.value.to_bytes(16, "big")
    raise CannotEncode(f"put_nd_ra_opts: {name}")


def _prefix(value: Constant, flags: int) -> bytes:
    length = 128 if value.mask is None else prefix_length(value.mask, 128)
    if length is None:
        raise CannotEncode(f"put_nd_ra_opts: {value} is not a prefix")
    return prefix_option(value.value, length, flags)


def prefix_option(address: int, length: int, flags: int) -> bytes:
    """A prefix of the link; hosts make their own addresses from it unless DHCPv6 gives them."""
    use = ON_LINK | (0 if flags & MANAGED else AUTONOMOUS)
    lifetimes = PREFIX_LIFETIME.to_bytes(4, "big") * 2
    return bytes((3, 4, length, use)) + lifetimes + bytes(4) + address.to_bytes(16, "big")


def routes(text: str) -> Iterator[bytes]:
    """RFC 4191 section 2.3, from `HIGH-1001::/48,LOW-1002::/96`; as in OVN, what is no route ends the list."""
    for route in text.split(","):
        preference, _, written = route.partition("-")
        try:
            prefix = InterfaceAddress.parse(written.strip()).prefix
        except ValueError:
            return
        if not isinstance(prefix.network, Ipv6Address):
            return
        blocks = -(-prefix.length // 64)
        head = bytes((24, 1 + blocks, prefix.length, PREFERENCES.get(preference.strip(), 0)))
        yield head + b"\xff" * 4 + prefix.network.packed[: 8 * blocks]


def search_list(names: str) -> bytes:
    """RFC 8106 section 5.2."""
    octets = b"".join(write_name(name.strip()) for name in names.split(","))
    octets += bytes(-len(octets) % 8)
    return bytes((31, 1 + len(octets) // 8, 0, 0)) + b"\xff" * 4 + octets
