"""What registers and flags carry from stage to stage, by name, as OVN 23.03 lays them out.

A register means different things in a switch and in a router: both pipelines start with empty registers. Rules use
these names; a number of a register stands nowhere else.
"""

from __future__ import annotations

from typing import Final

from brume.expressions.fields import flags, reg0, reg1, reg2, reg3, reg4, reg7, reg8, reg9, xreg0, xxreg0, xxreg1

# Switch: reg0 is a field of flags.
CONNTRACK_DEFRAG: Final = reg0.bit(0)
"""Track this packet (reassembled) before the ACLs."""
CONNTRACK_COMMIT: Final = reg0.bit(1)
"""Commit the connection at the end of the pipeline."""
CONNTRACK_NAT: Final = reg0.bit(2)
"""Track this packet, and translate it if its connection is translated."""
DHCP_OPTS_RESULT: Final = reg0.bit(3)
"""The packet has been made into a DHCP answer."""
DNS_LOOKUP_RESULT: Final = reg0.bit(4)
"""The packet has been made into a DNS answer."""
HAIRPIN: Final = reg0.bit(6)
"""A load balancer's backend is about to get its own packet."""
ACL_HINT_ALLOW_NEW: Final = reg0.bit(7)
"""An allow ACL that matches must commit the connection."""
ACL_HINT_ALLOW: Final = reg0.bit(8)
"""An allow ACL that matches lets the packet through."""
ACL_HINT_DROP: Final = reg0.bit(9)
"""A drop ACL that matches drops the packet."""
ACL_HINT_BLOCK: Final = reg0.bit(10)
"""A drop ACL that matches must also mark the connection as blocked."""
LOOKUP_FDB: Final = reg0.bit(11)
"""The source MAC is known on this port."""
HAIRPIN_REPLY: Final = reg0.bit(12)
"""The answer to a packet that a backend sent to itself."""
ACL_LABEL: Final = reg0.bit(13)
"""The ACL has a label, to be written into the connection."""
FROM_RAMP: Final = reg0.bit(14)
"""The packet came from a VTEP gateway."""
PORT_SEC_DROP: Final = reg0.bit(15)
"""Port security forbids the packet."""
ACL_STATELESS: Final = reg0.bit(16)
"""A stateless ACL matches: do not track the packet."""
ACL_HINT_ALLOW_REL: Final = reg0.bit(17)
"""Related or reply traffic that has been let through."""
ACL_LABEL_VALUE: Final = reg3
"""The label of the ACL that matched."""
ORIGINAL_IPV4: Final = reg1
"""The virtual address that the packet was sent to, before a load balancer chose a backend."""
ORIGINAL_IPV6: Final = xxreg1
ORIGINAL_PORT: Final = reg2.bits(0, 15)
"""The port that it was sent to."""
SWITCH_BACKEND_IPV6: Final = xxreg0
"""The backend that a client had before (affinity); a router keeps it elsewhere."""

# Router.
ND_RA_OPTS_RESULT: Final = reg0.bit(5)
"""The packet has been made into a router advertisement."""
EGRESS_LOOPBACK: Final = reg9.bit(0)
"""The packet came round again from egress; its source may be the router's own address."""
PKT_LARGER: Final = reg9.bit(1)
"""The packet is larger than the outport's MTU."""
LOOKUP_NEIGHBOR_RESULT: Final = reg9.bit(2)
"""The sender's MAC needs no learning: it is known, or known to be unwanted."""
LOOKUP_NEIGHBOR_IP_RESULT: Final = reg9.bit(3)
"""The sender's address has an entry already."""
DST_NAT_IP_LOCAL: Final = reg9.bit(4)
"""The destination was translated on this chassis."""
KNOWN_ECMP_NEXTHOP: Final = reg9.bit(5)
"""The connection's route is remembered."""
INPORT_MAC: Final = xreg0.bits(0, 47)
"""The MAC of the router port the packet came in by (until ip_input)."""
NEXT_HOP_IPV4: Final = reg0
NEXT_HOP_IPV6: Final = xxreg0
SOURCE_IPV4: Final = reg1
"""The router's own address on the outport: source of ARP requests."""
SOURCE_IPV6: Final = xxreg1
ROUTER_BACKEND_IPV6: Final = xxreg1
"""The backend that a client had before (affinity)."""
ROUTER_ORIGINAL_PORT: Final = reg9.bits(16, 31)
"""The port that the packet was sent to, before a load balancer chose a backend."""
ROUTE_TABLE: Final = reg7
"""The number of the route table to look in; 0 is the main one."""
ECMP_GROUP: Final = reg8.bits(0, 15)
ECMP_MEMBER: Final = reg8.bits(16, 31)
KEPT_NEXT_HOP: Final = xxreg1
"""For a moment: what a connection keeps of the next hop that it came from (ct_label)."""
KEPT_NEXT_HOP_MAC: Final = xxreg1.bits(32, 79)

# Both.
KNOWN_SESSION: Final = reg9.bit(6)
"""The client has a backend already (load balancing with affinity)."""
BACKEND_IPV4: Final = reg4
"""The backend that it had before."""
BACKEND_PORT: Final = reg8.bits(0, 15)
"""And that backend's port."""
LOOPBACK: Final = flags.loopback
"""The packet may go out of the port it came in by."""
NOT_VXLAN: Final = flags.bit(1).equals(0)
"""The packet did not come over a VXLAN tunnel, whose packets have been through the router already."""
