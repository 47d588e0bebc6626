"""Steps that the controller carries out: a controller action whose userdata says what to do (see `packet_in`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from brume.expressions import steps
from brume.openflow.from_southbound.actions.context import CannotEncode, Context, resolved, with_arguments
from brume.openflow.from_southbound.actions.lookups import address_register
from brume.openflow.messages.actions import Actions, Clone, Controller
from brume.openflow.messages.fields import Subfield
from brume.openflow.messages.wire_encode import encode_actions
from brume.openflow.packet_in.log import SEVERITIES, VERDICTS
from brume.openflow.packet_in.opcodes import Opcode
from brume.openflow.registers import INPORT

if TYPE_CHECKING:
    from brume.openflow.from_southbound.actions.encode import Encoder

NESTED: Final[dict[str, Opcode]] = {
    "arp": Opcode.ARP,
    "icmp4": Opcode.ICMP,
    "icmp4_error": Opcode.ICMP4_ERROR,
    "icmp6": Opcode.ICMP,
    "icmp6_error": Opcode.ICMP6_ERROR,
    "tcp_reset": Opcode.TCP_RESET,
    "sctp_abort": Opcode.SCTP_ABORT,
    "reject": Opcode.REJECT,
    "nd_na": Opcode.ND_NA,
    "nd_na_router": Opcode.ND_NA_ROUTER,
    "nd_ns": Opcode.ND_NS,
}
PLAIN: Final[dict[str, Opcode]] = {
    "igmp": Opcode.IGMP,
    "handle_dhcpv6_reply": Opcode.DHCP6_SERVER,
    "handle_bfd_msg": Opcode.BFD_MSG,
}
EVENTS: Final = {"empty_lb_backends": 0}
FRAGMENT_MTU: Final = {
    "icmp4.frag_mtu": (Opcode.PUT_ICMP4_FRAG_MTU, 2),
    "icmp6.frag_mtu": (Opcode.PUT_ICMP6_FRAG_MTU, 4),
}


def tell(context: Context, opcode: Opcode, arguments: bytes = b"", *, pause: bool = False) -> Controller:
    """The controller action for an opcode."""
    return Controller(userdata=opcode.header + arguments, pause=pause, meter_id=context.controller_meter)


def nested(step: steps.Nested, context: Context, encode: Encoder) -> Actions:
    """arp { ... }; and its like: the inner actions travel in the userdata, in OpenFlow 1.5 form."""
    return (tell(context, NESTED[step.name], encode_actions(encode(step.steps, context))),)


def clone(step: steps.Nested, context: Context, encode: Encoder) -> Actions:
    """clone { ... };"""
    return (Clone(encode(step.steps, context)),)


def plain(step: steps.Plain, context: Context) -> Actions:
    """igmp; and its like."""
    return (tell(context, PLAIN[step.name]),)


def trigger_event(step: steps.TriggerEvent, context: Context) -> Actions:
    """trigger_event(event="empty_lb_backends", vip=..., protocol=..., load_balancer=...);"""
    options = b""
    for option in step.options:
        value = str(option.values[0]).encode()
        options += option.option.code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value
    return (tell(context, Opcode.EVENT, EVENTS[step.event].to_bytes(4, "big") + options),)


def packet_field(step: steps.LoadPacketField, context: Context) -> Actions:
    """icmp4.frag_mtu = n;"""
    opcode, size = FRAGMENT_MTU[step.target.symbol.name]
    return (tell(context, opcode, step.value.value.to_bytes(size, "big"), pause=True),)


def put_binding(step: steps.PutBinding, context: Context) -> Actions:
    """put_arp(port, ip, mac); put_nd(port, ip6, mac);"""
    arguments = (
        (resolved(step.port), INPORT),
        (resolved(step.address), address_register(step.name)),
        (resolved(step.mac), "eth_src"),
    )
    opcode = Opcode.PUT_ARP if step.name == "put_arp" else Opcode.PUT_ND
    return with_arguments(arguments, (tell(context, opcode),))


def put_fdb(step: steps.PutFdb, context: Context) -> Actions:
    """put_fdb(port, mac);"""
    arguments = ((resolved(step.port), INPORT), (resolved(step.mac), "eth_src"))
    return with_arguments(arguments, (tell(context, Opcode.PUT_FDB),))


def log(step: steps.Log, context: Context) -> Actions:
    """log(...); it has a meter of its own, or none."""
    kind = bytes((VERDICTS.index(step.verdict), SEVERITIES[step.severity]))
    meter = None if step.meter is None else context.meter(step.meter)
    return (Controller(userdata=Opcode.LOG.header + kind + (step.label or "").encode(), meter_id=meter),)


def dns_lookup(step: steps.Result, context: Context) -> Actions:
    """field = dns_lookup();"""
    return (tell(context, Opcode.DNS_LOOKUP, result_header(resolved(step.target)), pause=True),)


def handle_service_check(step: steps.HandleServiceCheck, context: Context) -> Actions:
    """handle_svc_check(port);"""
    return with_arguments(((resolved(step.port), INPORT),), (tell(context, Opcode.HANDLE_SVC_CHECK),))


def bind_virtual_port(step: steps.BindVirtualPort, context: Context) -> Actions:
    """bind_vport(port, parent); nothing when there is no such port."""
    port = context.port(step.port)
    if port is None:
        return ()
    told = tell(context, Opcode.BIND_VPORT, port.to_bytes(4, "big"))
    return with_arguments(((resolved(step.parent), INPORT),), (told,))


def result_header(place: Subfield) -> bytes:
    """How userdata names the bit that a paused action answers in: the field's NXM or OXM header, and the bit."""
    number = place.field.nxm or place.field.oxm
    if number is None or number.experimenter:
        raise CannotEncode(f"a result in {place.field.name}")
    head = number.vendor_class << 16 | number.number << 9 | place.field.wire_bytes
    return head.to_bytes(4, "big") + place.start.to_bytes(4, "big")
