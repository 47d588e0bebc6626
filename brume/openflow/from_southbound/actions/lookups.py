"""Steps that ask another table: MAC bindings, the FDB, port security, hairpins."""

from __future__ import annotations

from typing import Final

from brume.expressions import steps
from brume.openflow.from_southbound.actions.context import (
    Context,
    ask_table,
    flag_bit,
    load_field,
    load_flag,
    resolved,
    whole,
    with_arguments,
)
from brume.openflow.messages.actions import Actions, Move, Pop, Push, Resubmit
from brume.openflow.registers import INPORT, OUTPORT, Flag
from brume.openflow.tables import Table

ANSWERS: Final[dict[str, tuple[Table, Flag]]] = {
    "chk_lb_hairpin": (Table.LOAD_BALANCER_HAIRPIN, Flag.LOOKUP_HAIRPIN),
    "chk_lb_hairpin_reply": (Table.LOAD_BALANCER_HAIRPIN_REPLY, Flag.LOOKUP_HAIRPIN),
    "chk_lb_aff": (Table.LOAD_BALANCER_AFFINITY, Flag.USE_AFFINITY),
    "chk_ecmp_nh_mac": (Table.ECMP_NEXT_HOP_MAC, Flag.LOOKUP_ECMP_NEXT_HOP),
    "chk_ecmp_nh": (Table.ECMP_NEXT_HOP, Flag.LOOKUP_ECMP_NEXT_HOP),
    "check_in_port_sec": (Table.IN_PORT_SECURITY, Flag.PORT_SECURITY_FAILED),
    "check_out_port_sec": (Table.OUT_PORT_SECURITY, Flag.PORT_SECURITY_FAILED),
}
"""name(): the table that answers, and the flag it answers in."""


def ask(step: steps.Result, _: Context) -> Actions:
    """field = check_in_port_sec(); and its like."""
    table, flag = ANSWERS[step.name]
    return ask_table(table, flag, resolved(step.target))


def snat_to_vip(_: steps.Plain, __: Context) -> Actions:
    """ct_snat_to_vip;"""
    return (Resubmit(Table.SNAT_HAIRPIN),)


def address_register(name: str) -> str:
    """The register that holds the address a binding is about."""
    return "reg0" if "arp" in name else "xxreg0"


def get_binding(step: steps.GetBinding, _: Context) -> Actions:
    """get_arp(port, ip); get_nd(port, ip6);"""
    arguments = ((resolved(step.port), OUTPORT), (resolved(step.address), address_register(step.name)))
    return with_arguments(arguments, (load_field("eth_dst", 0), Resubmit(Table.MAC_BINDING)))


def lookup_binding(step: steps.LookupBinding, _: Context) -> Actions:
    """field = lookup_arp(port, ip, mac); and with _ip: field = lookup_arp_ip(port, ip);"""
    target, address = resolved(step.target), (resolved(step.address), address_register(step.name))
    if step.mac is not None:
        arguments = ((resolved(step.port), INPORT), address, (resolved(step.mac), "eth_src"))
        return with_arguments(arguments, ask_table(Table.MAC_LOOKUP, Flag.LOOKUP_MAC, target))
    kept = whole("eth_dst")
    body = (Push(kept), *ask_table(Table.MAC_BINDING, Flag.LOOKUP_MAC, target), Pop(kept))
    return with_arguments(((resolved(step.port), OUTPORT), address), body)


def get_fdb(step: steps.GetFdb, _: Context) -> Actions:
    """field = get_fdb(mac);"""
    asked = with_arguments(((resolved(step.mac), "eth_dst"),), (load_field(OUTPORT, 0), Resubmit(Table.GET_FDB)))
    target = resolved(step.target)
    return asked if target == whole(OUTPORT) else (*asked, Move(whole(OUTPORT), target))


def lookup_fdb(step: steps.LookupFdb, _: Context) -> Actions:
    """field = lookup_fdb(port, mac);"""
    arguments = ((resolved(step.port), INPORT), (resolved(step.mac), "eth_src"))
    asked = with_arguments(arguments, (load_flag(Flag.LOOKUP_FDB, 0), Resubmit(Table.LOOKUP_FDB)))
    return (*asked, Move(flag_bit(Flag.LOOKUP_FDB), resolved(step.target)))
