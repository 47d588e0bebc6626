"""DHCPv4 options (RFC 2132 and later) as one table: name, code, type.

Names are those OVN's DHCP_Options and put_dhcp_opts use, where OVN has the option. A code that is not in the
table is carried as octets under the name `option_<code>`.

Rule: decode(encode(x)) == x. An option sent in several parts is joined (RFC 3396).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, TypeAlias

import msgspec

from brume.packets.dns import read_name, write_name
from brume.packets.errors import PacketError
from brume.packets.header import U8, Buffer, Header, LengthOf, OctetTail, Wire
from brume.packets.options import OptionList
from brume.values import Ipv4Address, Prefix

Route: TypeAlias = tuple[Prefix, Ipv4Address]
OptionValue: TypeAlias = int | str | bytes | Ipv4Address | tuple[Ipv4Address, ...] | tuple[Route, ...] | tuple[str, ...]

PAD: Final = 0
END: Final = 255


class DhcpOption(Header, frozen=True):
    """One option on the wire."""

    code: U8 = 0
    length: ClassVar[Wire] = LengthOf("data", bits=8)
    data: OctetTail = b""


DHCP_OPTIONS: Final = OptionList(DhcpOption, "code", pad=PAD, end=END)


class OptionType(msgspec.Struct, frozen=True):
    """How values of one type become octets and come back; `decode` raises ValueError."""

    name: str
    encode: Callable[..., bytes]
    decode: Callable[[bytes], OptionValue]


def _number(name: str, width: int) -> OptionType:
    def decode(data: bytes) -> int:
        if len(data) != width:
            raise ValueError(f"{width} octets expected, {len(data)} found")
        return int.from_bytes(data, "big")

    return OptionType(name, lambda value: value.to_bytes(width, "big"), decode)


def _decode_addresses(data: bytes) -> tuple[Ipv4Address, ...]:
    if not data or len(data) % 4:
        raise ValueError(f"a multiple of 4 octets expected, {len(data)} found")
    return tuple(Ipv4Address.from_packed(data[at : at + 4]) for at in range(0, len(data), 4))


def _encode_routes(routes: tuple[Route, ...]) -> bytes:
    """RFC 3442: only as many octets of the network as its length needs."""
    return b"".join(
        bytes((network.length,)) + network.network.packed[: (network.length + 7) // 8] + router.packed
        for network, router in routes
    )


def _decode_routes(data: bytes) -> tuple[Route, ...]:
    routes: list[Route] = []
    at = 0
    while at < len(data):
        length = data[at]
        octets = (length + 7) // 8
        end = at + 1 + octets + 4
        if length > 32 or end > len(data):
            raise ValueError("a route is cut short")
        network = Ipv4Address.from_packed(data[at + 1 : at + 1 + octets].ljust(4, b"\0"))
        routes.append((Prefix.containing(network, length), Ipv4Address.from_packed(data[end - 4 : end])))
        at = end
    return tuple(routes)


def _encode_domains(names: tuple[str, ...]) -> bytes:
    """RFC 3397 without compression, which is optional."""
    return b"".join(write_name(name) for name in names)


def _decode_domains(data: bytes) -> tuple[str, ...]:
    names: list[str] = []
    at = 0
    try:
        while at < len(data):
            name, at = read_name(data, at)
            names.append(name)
    except PacketError as error:
        raise ValueError(error.reason) from None
    return tuple(names)


U8_TYPE: Final = _number("uint8", 1)
U16_TYPE: Final = _number("uint16", 2)
U32_TYPE: Final = _number("uint32", 4)
BOOL: Final = _number("bool", 1)
ADDRESS: Final = OptionType("ipv4", lambda value: value.packed, Ipv4Address.from_packed)
ADDRESSES: Final = OptionType(
    "ipv4 list", lambda value: b"".join(address.packed for address in value), _decode_addresses
)
TEXT: Final = OptionType(
    "str",
    lambda value: value.encode("utf-8", "surrogateescape"),
    lambda data: data.decode("utf-8", "surrogateescape"),
)
OCTETS: Final = OptionType("octets", bytes, bytes)
ROUTES: Final = OptionType("static_routes", _encode_routes, _decode_routes)
DOMAINS: Final = OptionType("domains", _encode_domains, _decode_domains)


class OptionSpec(msgspec.Struct, frozen=True):
    """A row of the table."""

    name: str
    code: int
    type: OptionType


TABLE: Final[tuple[OptionSpec, ...]] = (
    OptionSpec("netmask", 1, ADDRESS),
    OptionSpec("router", 3, ADDRESSES),
    OptionSpec("dns_server", 6, ADDRESSES),
    OptionSpec("log_server", 7, ADDRESSES),
    OptionSpec("lpr_server", 9, ADDRESSES),
    OptionSpec("hostname", 12, TEXT),
    OptionSpec("domain_name", 15, TEXT),
    OptionSpec("swap_server", 16, ADDRESSES),
    OptionSpec("ip_forward_enable", 19, BOOL),
    OptionSpec("policy_filter", 21, ADDRESSES),
    OptionSpec("default_ttl", 23, U8_TYPE),
    OptionSpec("mtu", 26, U16_TYPE),
    OptionSpec("broadcast_address", 28, ADDRESS),
    OptionSpec("router_discovery", 31, BOOL),
    OptionSpec("router_solicitation", 32, ADDRESS),
    OptionSpec("arp_cache_timeout", 35, U32_TYPE),
    OptionSpec("ethernet_encap", 36, BOOL),
    OptionSpec("tcp_ttl", 37, U8_TYPE),
    OptionSpec("tcp_keepalive_interval", 38, U32_TYPE),
    OptionSpec("nis_server", 41, ADDRESSES),
    OptionSpec("ntp_server", 42, ADDRESSES),
    OptionSpec("netbios_name_server", 44, ADDRESSES),
    OptionSpec("netbios_node_type", 46, U8_TYPE),
    OptionSpec("requested_ip", 50, ADDRESS),
    OptionSpec("lease_time", 51, U32_TYPE),
    OptionSpec("message_type", 53, U8_TYPE),
    OptionSpec("server_id", 54, ADDRESS),
    OptionSpec("parameter_request", 55, OCTETS),
    OptionSpec("message", 56, TEXT),
    OptionSpec("T1", 58, U32_TYPE),
    OptionSpec("T2", 59, U32_TYPE),
    OptionSpec("vendor_class", 60, TEXT),
    OptionSpec("client_id", 61, OCTETS),
    OptionSpec("tftp_server", 66, TEXT),
    OptionSpec("bootfile_name", 67, TEXT),
    OptionSpec("domain_search_list", 119, DOMAINS),
    OptionSpec("classless_static_route", 121, ROUTES),
    OptionSpec("tftp_server_address", 150, ADDRESSES),
    OptionSpec("path_prefix", 210, TEXT),
    OptionSpec("ms_classless_static_route", 249, ROUTES),
    OptionSpec("wpad", 252, TEXT),
    OptionSpec("next_server", 253, ADDRESS),
    OptionSpec("bootfile_name_alt", 254, TEXT),
)
BY_NAME: Final = {spec.name: spec for spec in TABLE}
BY_CODE: Final = {spec.code: spec for spec in TABLE}


def spec_named(name: str) -> OptionSpec:
    """The table's row of that name, or of `option_<code>`; ValueError if there is none."""
    spec = BY_NAME.get(name)
    if spec is not None:
        return spec
    code = name.removeprefix("option_")
    if code.isdigit() and PAD < int(code) < END:
        return OptionSpec(name, int(code), OCTETS)
    raise ValueError(f"{name!r} is not a DHCP option; known are {', '.join(BY_NAME)}, and option_<code>")


def encode_options(options: Mapping[str, OptionValue]) -> bytes:
    """The options, message type first as clients expect, then in the order given, then the end mark."""
    ordered = sorted(options, key=lambda name: name != "message_type")
    parts = []
    for name in ordered:
        spec = spec_named(name)
        data = spec.type.encode(options[name])
        parts += [DhcpOption(spec.code, data[at : at + 255]) for at in range(0, len(data) or 1, 255)]
    return DHCP_OPTIONS.pack(parts)


def decode_options(data: Buffer, offset: int = 0) -> dict[str, OptionValue]:
    """The options from `offset` on, by name; PacketError when one does not have its type's form."""
    joined: dict[int, bytes] = {}
    for option in DHCP_OPTIONS.parse(data, offset):
        joined[option.code] = joined.get(option.code, b"") + option.data
    values: dict[str, OptionValue] = {}
    for code, octets in joined.items():
        spec = BY_CODE.get(code) or OptionSpec(f"option_{code}", code, OCTETS)
        try:
            values[spec.name] = spec.type.decode(octets)
        except ValueError as error:
            raise PacketError(f"DHCP option {spec.name}: {error}", offset) from None
    return values
