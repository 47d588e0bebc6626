"""The stages of the logical pipelines: one declared table, numbered and named as in OVN 23.03.

A stage is one table of a pipeline of a kind of datapath. Rules name stages (`SWITCH_IN.ACL`); numbers stand only here,
because OVN renumbers stages from release to release.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal

import msgspec

from brume.tables.map import Map

Kind = Literal["switch", "router"]
Pipeline = Literal["ingress", "egress"]


class Stage(msgspec.Struct, frozen=True):
    """One table of a logical pipeline. `title` is OVN's name for it, `purpose` what happens in it."""

    kind: Kind
    pipeline: Pipeline
    table: int
    title: str
    purpose: str
    external_ids: Map[str, str]

    def __str__(self) -> str:
        return self.title


def _stage(kind: Kind, pipeline: Pipeline, table: int, title: str, purpose: str) -> Stage:
    return Stage(kind, pipeline, table, title, purpose, Map({"stage-name": title}))


def _ls_in(table: int, title: str, purpose: str) -> Stage:
    return _stage("switch", "ingress", table, f"ls_in_{title}", purpose)


def _ls_out(table: int, title: str, purpose: str) -> Stage:
    return _stage("switch", "egress", table, f"ls_out_{title}", purpose)


def _lr_in(table: int, title: str, purpose: str) -> Stage:
    return _stage("router", "ingress", table, f"lr_in_{title}", purpose)


def _lr_out(table: int, title: str, purpose: str) -> Stage:
    return _stage("router", "egress", table, f"lr_out_{title}", purpose)


class SWITCH_IN:
    """What a switch does with a packet from one of its ports, until it is known where it goes."""

    CHECK_PORT_SEC: ClassVar = _ls_in(0, "check_port_sec", "may this port send from these addresses")
    APPLY_PORT_SEC: ClassVar = _ls_in(1, "apply_port_sec", "drop what it may not send")
    LOOKUP_FDB: ClassVar = _ls_in(2, "lookup_fdb", "is the source MAC of an 'unknown' port known already")
    PUT_FDB: ClassVar = _ls_in(3, "put_fdb", "learn it")
    PRE_ACL: ClassVar = _ls_in(4, "pre_acl", "which packets ACLs need connection tracking for")
    PRE_LB: ClassVar = _ls_in(5, "pre_lb", "which packets load balancers need connection tracking for")
    PRE_STATEFUL: ClassVar = _ls_in(6, "pre_stateful", "track them")
    ACL_HINT: ClassVar = _ls_in(7, "acl_hint", "which kinds of ACL can concern a connection in this state")
    ACL: ClassVar = _ls_in(8, "acl", "ACLs on what ports send (from-lport)")
    QOS_MARK: ClassVar = _ls_in(9, "qos_mark", "mark packets (DSCP)")
    QOS_METER: ClassVar = _ls_in(10, "qos_meter", "limit rates")
    LB_AFF_CHECK: ClassVar = _ls_in(11, "lb_aff_check", "load balancing: has this client a backend already")
    LB: ClassVar = _ls_in(12, "lb", "load balancing: choose a backend")
    LB_AFF_LEARN: ClassVar = _ls_in(13, "lb_aff_learn", "load balancing: remember the backend of a client")
    PRE_HAIRPIN: ClassVar = _ls_in(14, "pre_hairpin", "load balancing: did a backend get its own packet")
    NAT_HAIRPIN: ClassVar = _ls_in(15, "nat_hairpin", "load balancing: then translate its source")
    HAIRPIN: ClassVar = _ls_in(16, "hairpin", "load balancing: and send it back")
    ACL_AFTER_LB: ClassVar = _ls_in(17, "acl_after_lb", "ACLs that shall see the chosen backend")
    STATEFUL: ClassVar = _ls_in(18, "stateful", "commit connections that ACLs allowed")
    ARP_ND_RSP: ClassVar = _ls_in(19, "arp_rsp", "answer ARP and neighbour solicitations for known addresses")
    DHCP_OPTIONS: ClassVar = _ls_in(20, "dhcp_options", "turn a DHCP request into its answer")
    DHCP_RESPONSE: ClassVar = _ls_in(21, "dhcp_response", "send the answer back")
    DNS_LOOKUP: ClassVar = _ls_in(22, "dns_lookup", "answer DNS queries for known names")
    DNS_RESPONSE: ClassVar = _ls_in(23, "dns_response", "send the answer back")
    EXTERNAL_PORT: ClassVar = _ls_in(24, "external_port", "what external ports may reach on this chassis")
    L2_LKUP: ClassVar = _ls_in(25, "l2_lkup", "find the port of the destination MAC")
    L2_UNKNOWN: ClassVar = _ls_in(26, "l2_unknown", "what to do with a destination nobody is known to have")


class SWITCH_OUT:
    """What a switch does with a packet on its way to one port."""

    PRE_ACL: ClassVar = _ls_out(0, "pre_acl", "which packets ACLs need connection tracking for")
    PRE_LB: ClassVar = _ls_out(1, "pre_lb", "which packets load balancers need connection tracking for")
    PRE_STATEFUL: ClassVar = _ls_out(2, "pre_stateful", "track them")
    ACL_HINT: ClassVar = _ls_out(3, "acl_hint", "which kinds of ACL can concern a connection in this state")
    ACL: ClassVar = _ls_out(4, "acl", "ACLs on what ports receive (to-lport)")
    QOS_MARK: ClassVar = _ls_out(5, "qos_mark", "mark packets (DSCP)")
    QOS_METER: ClassVar = _ls_out(6, "qos_meter", "limit rates")
    STATEFUL: ClassVar = _ls_out(7, "stateful", "commit connections that ACLs allowed")
    CHECK_PORT_SEC: ClassVar = _ls_out(8, "check_port_sec", "may this port receive for these addresses")
    APPLY_PORT_SEC: ClassVar = _ls_out(9, "apply_port_sec", "drop what it may not receive, deliver the rest")


class ROUTER_IN:
    """What a router does with a packet from one of its ports, until next hop and its MAC are known."""

    ADMISSION: ClassVar = _lr_in(0, "admission", "take only what is addressed to the router's MAC")
    LOOKUP_NEIGHBOR: ClassVar = _lr_in(1, "lookup_neighbor", "is the sender's MAC known already")
    LEARN_NEIGHBOR: ClassVar = _lr_in(2, "learn_neighbor", "learn it")
    IP_INPUT: ClassVar = _lr_in(3, "ip_input", "what is for the router itself: ARP, ICMP, packets to drop")
    UNSNAT: ClassVar = _lr_in(4, "unsnat", "undo SNAT on replies")
    DEFRAG: ClassVar = _lr_in(5, "defrag", "track what load balancers and DNAT need whole")
    LB_AFF_CHECK: ClassVar = _lr_in(6, "lb_aff_check", "load balancing: has this client a backend already")
    DNAT: ClassVar = _lr_in(7, "dnat", "floating IP to fixed IP, load balancing")
    LB_AFF_LEARN: ClassVar = _lr_in(8, "lb_aff_learn", "load balancing: remember the backend of a client")
    ECMP_STATEFUL: ClassVar = _lr_in(9, "ecmp_stateful", "remember by which of several routes a connection came")
    ND_RA_OPTIONS: ClassVar = _lr_in(10, "nd_ra_options", "turn a router solicitation into an advertisement")
    ND_RA_RESPONSE: ClassVar = _lr_in(11, "nd_ra_response", "send it")
    IP_ROUTING_PRE: ClassVar = _lr_in(12, "ip_routing_pre", "which route table")
    IP_ROUTING: ClassVar = _lr_in(13, "ip_routing", "longest prefix match: next hop and outport")
    IP_ROUTING_ECMP: ClassVar = _lr_in(14, "ip_routing_ecmp", "choose among equal routes")
    POLICY: ClassVar = _lr_in(15, "policy", "routing policies")
    POLICY_ECMP: ClassVar = _lr_in(16, "policy_ecmp", "choose among next hops of a policy")
    ARP_RESOLVE: ClassVar = _lr_in(17, "arp_resolve", "next hop to MAC")
    CHK_PKT_LEN: ClassVar = _lr_in(18, "chk_pkt_len", "is the packet larger than the outport's MTU")
    LARGER_PKTS: ClassVar = _lr_in(19, "larger_pkts", "then answer that it is too big")
    GW_REDIRECT: ClassVar = _lr_in(20, "gw_redirect", "send what must leave by the gateway chassis there")
    ARP_REQUEST: ClassVar = _lr_in(21, "arp_request", "ask for a MAC that is not known")


class ROUTER_OUT:
    """What a router does with a packet on its way out of one port."""

    CHECK_DNAT_LOCAL: ClassVar = _lr_out(0, "chk_dnat_local", "was it translated on this chassis")
    UNDNAT: ClassVar = _lr_out(1, "undnat", "undo DNAT on replies")
    POST_UNDNAT: ClassVar = _lr_out(2, "post_undnat", "commit what was not translated")
    SNAT: ClassVar = _lr_out(3, "snat", "fixed IP to floating IP or to the router's address")
    POST_SNAT: ClassVar = _lr_out(4, "post_snat", "after SNAT")
    EGR_LOOP: ClassVar = _lr_out(5, "egr_loop", "what is for another translated address comes in again")
    DELIVERY: ClassVar = _lr_out(6, "delivery", "out of the port")


PIPELINES: Final = (SWITCH_IN, SWITCH_OUT, ROUTER_IN, ROUTER_OUT)
STAGES: Final[tuple[Stage, ...]] = tuple(
    stage for pipeline in PIPELINES for stage in vars(pipeline).values() if isinstance(stage, Stage)
)
_BY_PLACE: Final = {(stage.kind, stage.pipeline, stage.table): stage for stage in STAGES}
_BY_TITLE: Final = {stage.title: stage for stage in STAGES}


def stage_at(kind: Kind, pipeline: Pipeline, table: int) -> Stage:
    """The stage with this number; KeyError if there is none."""
    return _BY_PLACE[kind, pipeline, table]


def stage_named(title: str) -> Stage:
    """The stage with OVN's name, as `ls_in_acl`; KeyError if there is none."""
    return _BY_TITLE[title]
