"""put_dhcp_opts(...) and put_dhcpv6_opts(...): the reply's options, as they will stand in the packet, in userdata."""

from __future__ import annotations

from typing import Final

from brume.expressions import steps
from brume.expressions.constants import Constant, prefix_length
from brume.openflow.from_southbound.actions.context import CannotEncode, Context, resolved
from brume.openflow.from_southbound.actions.controller import result_header, tell
from brume.openflow.messages.actions import Actions
from brume.openflow.packet_in.opcodes import Opcode
from brume.packets.dns import write_name

OFFER: Final = 0
FIRST: Final = (67, 254, 253)
"""Boot file, its alternative and the next server come first, in this order."""
WIDTHS: Final = {"bool": 1, "uint8": 1, "uint16": 2, "uint32": 4}


def put_dhcp_opts(step: steps.PutOptions, context: Context) -> Actions:
    """field = put_dhcp_opts(offerip = ..., ...);"""
    by_code = {option.option.code: option for option in step.options}
    offer = by_code.pop(OFFER).values[0]
    first = [by_code.pop(code) for code in FIRST if code in by_code]
    octets = b"".join(_option(option) for option in (*first, *by_code.values()))
    arguments = result_header(resolved(step.target)) + _octets(offer, 4) + octets
    return (tell(context, Opcode.PUT_DHCP_OPTS, arguments, pause=True),)


def put_dhcpv6_opts(step: steps.PutOptions, context: Context) -> Actions:
    """field = put_dhcpv6_opts(ia_addr = ..., ...);"""
    octets = b"".join(_option6(option) for option in step.options)
    return (tell(context, Opcode.PUT_DHCPV6_OPTS, result_header(resolved(step.target)) + octets, pause=True),)


def _option(option: steps.OptionValue) -> bytes:
    value = _value(option)
    if len(value) > 255:
        raise CannotEncode(f"DHCP option {option.option.name} is {len(value)} octets long")
    return bytes((option.option.code, len(value))) + value


def _value(option: steps.OptionValue) -> bytes:
    kind, values = option.option.type, option.values
    if kind in WIDTHS:
        return _octets(values[0], WIDTHS[kind])
    if kind == "ipv4":
        return b"".join(_octets(value, 4) for value in values)
    if kind == "static_routes":
        return _routes([_number(value) for value in values])
    if kind == "domains":
        return _domains(_text(values[0]).split(","))
    if isinstance(values[0], str):
        return values[0].encode()
    return _octets(values[0], 4)  # host_id as an address


def _routes(values: list[Constant]) -> bytes:
    """RFC 3442: only as many octets of the network as its length needs; then the router. A last odd value is left."""
    octets = b""
    for network, router in zip(values[::2], values[1::2], strict=False):
        length = 32 if network.mask is None else prefix_length(network.mask, 32)
        if length is None:
            raise CannotEncode(f"DHCP route {network}: not a prefix")
        octets += bytes((length,)) + _octets(network, 4)[: (length + 7) // 8]
        octets += _octets(router, 4)
    return octets


def _domains(names: list[str]) -> bytes:
    """RFC 3397: names whose common endings are said once and then pointed to (RFC 1035 section 4.1.4)."""
    octets, places = b"", dict[str, int]()
    for name in names:
        labels = name.split(".")
        for index, label in enumerate(labels):
            ending = ".".join(labels[index:])
            if ending in places:
                octets += (0xC000 | places[ending]).to_bytes(2, "big")
                break
            places[ending] = len(octets)
            octets += write_name(label)[:-1]
        else:
            octets += b"\0"
    return octets


def _option6(option: steps.OptionValue) -> bytes:
    if option.option.type == "ipv6":
        value = b"".join(_octets(one, 16) for one in option.values)
    elif option.option.type == "mac":
        value = _octets(option.values[0], 6)
    else:
        value = _text(option.values[0]).encode()
    return option.option.code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def _number(value: Constant | str) -> Constant:
    if isinstance(value, str):
        raise CannotEncode(f"DHCP option value {value!r} is not a number")
    return value


def _octets(value: Constant | str, size: int) -> bytes:
    number = _number(value).value
    if number >> 8 * size:
        raise CannotEncode(f"DHCP option value {value} does not fit into {size} octets")
    return number.to_bytes(size, "big")


def _text(value: Constant | str) -> str:
    return value if isinstance(value, str) else str(value)
