"""Why a packet is dropped, and what would let it through: a table of places and functions.

    @cause("ls_out_acl", ...)           the stage, or table of br-int, where the packet's way ended; none is any
    def name(at: Failure) -> Cause | None

The functions of a place are asked in the order of this file; None: not my case. To explain one more cause, write one
more function. The words are the tenant's: names of servers, groups, routers; cures are commands of the real client.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from brume.cloud.network.resources import Network, Port, SecurityGroup
from brume.dataplane.explain.by_hand import cause_by_hand
from brume.dataplane.explain.explanation import Cause
from brume.dataplane.explain.failure import Failure, binding_of, opcode_of, port_of
from brume.dataplane.explain.provenance import LogicalPort
from brume.dataplane.explain.words import group_name
from brume.openflow.packet_in.opcodes import Opcode
from brume.southbound.schema import LogicalFlow

Function = Callable[[Failure], "Cause | None"]
CAUSES: Final[list[tuple[frozenset[str], Function]]] = []
ACL_STAGES: Final = ("ls_in_acl", "ls_in_acl_after_lb", "ls_out_acl")
OUTPUT_TABLES: Final = ("remote_output", "local_output", "check_loopback", "logical_to_physical")


def cause(*places: str) -> Callable[[Function], Function]:
    """Declare the places a function explains."""

    def declare(function: Function) -> Function:
        CAUSES.append((frozenset(places), function))
        return function

    return declare


def cause_of(at: Failure) -> Cause:
    """The first explanation that fits; else what the table itself is for."""
    by_hand = cause_by_hand(at)
    if by_hand is not None:
        return by_hand
    for places, function in CAUSES:
        if not places or at.where in places:
            found = function(at)
            if found is not None:
                return found
    return _unknown(at)


def _unknown(at: Failure) -> Cause:
    where = f"{at.where} of {at.datapath}" if at.datapath is not None else f"{at.where} on {at.hop.chassis}"
    flow = next((origin.row for origin in at.origins if isinstance(origin.row, LogicalFlow)), None)
    if flow is not None and not at.reason:
        return Cause(f"{where} drops it: {flow.match}")
    return Cause(f"{where}: {at.reason or 'no flow lets the packet on'}")


def _name(port: LogicalPort | None, otherwise: str) -> str:
    return port.label if port is not None else otherwise


def _identity(port: Port | None) -> str:
    return port.id if port is not None else "PORT"


# ports


@cause("ls_in_check_port_sec", "ls_in_apply_port_sec", "ls_out_apply_port_sec", "ls_in_l2_lkup", "ls_in_l2_unknown")
def port_is_disabled(at: Failure) -> Cause | None:
    for logical in (at.inport, at.outport, _wanted(at)):
        port = port_of(logical)
        if port is not None and not port.admin_state_up and not port.device_owner.startswith("network:router"):
            return Cause(
                f"{_name(logical, port.id)} is administratively down", (f"openstack port set --enable {port.id}",)
            )
    return None


def _wanted(at: Failure) -> LogicalPort | None:
    """The port that has the destination MAC in the network, whether it is reachable or not."""
    provenance, mac = at.tables.provenance, str(at.target_mac)
    network = at.network
    for port in provenance.cloud.rows(Port) if network is not None else ():
        if port.mac_address == mac and network is not None and port.network_id == network.id:
            return LogicalPort(port.id, provenance.label(port), None, port)  # type: ignore[arg-type]
    return None


@cause("ls_in_check_port_sec")
def malformed(at: Failure) -> Cause | None:
    if at.origins:
        return Cause(f"{at.datapath} takes no frames with a VLAN tag or a group address as source")
    return Cause(f"nothing in {at.datapath} is known of the port the frame came in by")


@cause("ls_in_apply_port_sec")
def spoofed_source(at: Failure) -> Cause | None:
    port = port_of(at.inport)
    allowed = f"openstack port set --allowed-address ip-address={at.source_ip} {_identity(port)}"
    return Cause(
        f"port security of {_name(at.inport, 'the port')}: it may not send from {at.source_ip}",
        (
            allowed,
            f"or, without any check: openstack port set --no-security-group --disable-port-security {_identity(port)}",
        ),
    )


@cause("ls_out_apply_port_sec")
def foreign_destination(at: Failure) -> Cause | None:
    port = port_of(at.outport)
    return Cause(
        f"port security of {_name(at.outport, 'the port')}: {at.target_ip} is not an address of its own",
        (f"openstack port set --allowed-address ip-address={at.target_ip} {_identity(port)}",),
    )


@cause("physical_to_logical")
def port_not_bound(at: Failure) -> Cause | None:
    return Cause(
        f"{at.hop.chassis} knows no logical port behind port {at.hop.place.port} of {at.hop.place.bridge}",
        ("openstack port show: is it bound to this host, and is its network there?",),
    )


# security groups


@cause(*ACL_STAGES)
def invalid_connection(at: Failure) -> Cause | None:
    if not at.has_state("inv"):
        return None
    return Cause(
        f"connection tracking of {at.hop.chassis}: the packet fits no connection it has seen begin",
        ("begin a new connection; both ways must pass the same tracker (no asymmetric routes)",),
    )


@cause(*ACL_STAGES)
def no_rule_allows(at: Failure) -> Cause | None:
    egress = at.where != "ls_out_acl"
    logical = at.inport if egress else at.outport
    port = port_of(logical)
    if port is None:
        return None
    who, what = _name(logical, port.id), at.request.what if not at.reply else f"the answer to {at.request.what}"
    if not port.security_groups:
        return Cause(
            f"{who} has port security, but no security group: nothing is allowed",
            (f"openstack port set --security-group default {port.id}",),
        )
    cloud = at.tables.provenance.cloud
    names = [group_name(cloud.get(SecurityGroup, one), one) for one in port.security_groups]
    groups = f"security group {' and '.join(names)}"
    direction = "egress " if egress else ""
    return Cause(f"{groups} of {who}: no {direction}rule allows {what}", (_rule_command(at, names[0], egress),))


def _rule_command(at: Failure, group: str, egress: bool) -> str:
    words = ["openstack security group rule create"]
    if egress:
        words.append("--egress")
    if at.source_ip.VERSION == 6:
        words.append("--ethertype IPv6")
    words.append(f"--protocol {'ipv6-icmp' if at.request.what == 'ICMPv6 echo' else at.request.protocol}")
    if at.request.port is not None:
        words.append(f"--dst-port {at.request.port}")
    return " ".join([*words, group])


# networks


@cause("ls_in_l2_lkup", "ls_in_l2_unknown")
def unknown_mac(at: Failure) -> Cause | None:
    return Cause(
        f"nobody in {at.datapath} has the MAC address {at.target_mac}",
        ("is the destination's port in this network, and does the sender's neighbour cache hold an old address?",),
    )


@cause(*OUTPUT_TABLES)
def gateway_has_no_chassis(at: Failure) -> Cause | None:
    binding = binding_of(at.outport)
    if binding is None or binding.type != "chassisredirect" or binding.chassis is not None:
        return None
    return Cause(
        f"{_name(at.outport, 'the gateway')}: no living chassis carries it",
        ("openstack network agent list: is a gateway chassis alive?",),
    )


@cause(*OUTPUT_TABLES)
def not_plugged_in(at: Failure) -> Cause | None:
    binding = binding_of(at.outport)
    if binding is None or binding.type or binding.chassis is not None:
        return None
    port = port_of(at.outport)
    server = at.tables.provenance.server_name(port.device_id) if port is not None and port.device_id else None
    return Cause(
        f"{_name(at.outport, binding.logical_port)} is on no chassis: nothing is plugged in there",
        (f"openstack server start {server}" if server else f"openstack server add port SERVER {binding.logical_port}",),
    )


@cause("check_loopback", "logical_to_physical")
def back_to_its_sender(at: Failure) -> Cause | None:
    if at.inport is None or at.outport is None or at.inport.name != at.outport.name:
        return None
    return Cause(f"the packet would go back to {at.inport.label}, where it came from")


# routers


@cause("lr_in_admission")
def router_is_disabled(at: Failure) -> Cause | None:
    router = at.router
    if router is None or router.admin_state_up:
        return None
    return Cause(f"router {router.name} is administratively down", (f"openstack router set --enable {router.name}",))


@cause("lr_in_admission")
def not_for_this_router(at: Failure) -> Cause | None:
    return Cause(f"{at.datapath} takes nothing here for the MAC address {at.target_mac}: it is not on {at.hop.chassis}")


@cause()
def time_exceeded(at: Failure) -> Cause | None:
    refused = opcode_of(at) in (Opcode.ICMP, Opcode.ICMP4_ERROR, Opcode.ICMP6_ERROR)
    if at.router is None or at.ttl > 1 or not (refused or at.where == "lr_in_ip_input"):
        return None
    return Cause(
        f"{at.datapath}: the packet's time to live is used up; it answers ICMP time exceeded",
        ("send with a higher TTL; is there a loop between routers?",),
    )


@cause("lr_in_ip_input", "lr_in_arp_resolve")
def router_itself(at: Failure) -> Cause | None:
    if at.router is None:
        return None
    refused = opcode_of(at) != -1
    answer = "it answers that nothing listens there" if refused else "it takes nothing for itself"
    floating = "" if at.target_ip.VERSION == 6 else "a floating IP or "
    return Cause(
        f"{at.target_ip} is {at.datapath}'s own address, and {answer} but ICMP echo",
        (f"{floating}an address behind the router is what servers are reached by",),
    )


@cause("lr_in_ip_routing", "lr_in_ip_routing_ecmp")
def no_route(at: Failure) -> Cause | None:
    router = at.router
    if router is None:
        return None
    cures = [
        f"openstack router set --route destination={at.target_ip}/{at.target_ip.BITS},gateway=NEXT_HOP {router.name}"
    ]
    if router.gateway_port_id is None:
        outside = next((one.name for one in at.tables.provenance.cloud.rows(Network) if one.router_external), "NETWORK")
        cures.insert(0, f"openstack router set --external-gateway {outside} {router.name}")
    return Cause(f"router {router.name} has no route to {at.target_ip}", tuple(cures))


@cause("lr_in_arp_request", "lr_in_arp_resolve")
def next_hop_unknown(at: Failure) -> Cause | None:
    if "does not come back" in at.reason:
        return Cause(f"{at.datapath}: {at.reason}", ("is it dropped by port security? ask the other way round",))
    return Cause(
        f"{at.datapath} asks for the MAC address of {at.next_hop}, and nobody answers",
        (f"is there a host with {at.next_hop} on {_name(at.outport, 'that network')}'s network, and is it running?",),
    )


# between chassis


@cause()
def too_long(at: Failure) -> Cause | None:
    if "underlay carries" not in at.reason:
        return None
    return Cause(
        f"underlay: {at.reason}",
        ("openstack network set --mtu BYTES NETWORK: 58 octets less than the underlay's own, for Geneve",),
    )


@cause()
def chassis_missing(at: Failure) -> Cause | None:
    if "no chassis has the tunnel address" not in at.reason:
        return None
    return Cause(f"underlay: {at.reason}", ("openstack network agent list: is that chassis alive?",))


@cause()
def controller_refuses(at: Failure) -> Cause | None:
    if opcode_of(at) not in (Opcode.REJECT, Opcode.TCP_RESET, Opcode.ICMP):
        return None
    return Cause(f"{at.datapath} refuses the packet in {at.where}, and tells the sender so")
