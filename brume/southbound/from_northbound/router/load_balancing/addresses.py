"""Answer for virtual addresses (lr_in_ip_input); switches send the requests for them here (ls_in_l2_lkup).

One flow of a port answers for all virtual addresses of the router: they are in an address set. Only the chassis of a
gateway port answers by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.facts.balanced import ANSWERED, VIP, RouterVip
from brume.southbound.from_northbound.facts.ports import SwitchPort, network_of, router_ports
from brume.southbound.from_northbound.flows import flow
from brume.southbound.from_northbound.router.own_addresses import arp_reply, neighbor_advertisement
from brume.southbound.from_northbound.router.ports import resident
from brume.southbound.from_northbound.switch.router_addresses import request
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import INPORT_MAC
from brume.southbound.schema import AddressSet
from brume.tables.row import Member
from brume.values.uuids import derive_uuid

REQUESTS: Final = {"ip4": "arp.op == 1 && arp.tpa", "ip6": "nd_ns && nd.target"}


@lru_cache(maxsize=65536)
def set_uuid(router: str, family: str) -> str:
    """The uuid of the address set of a router's virtual addresses."""
    return derive_uuid("Address_Set", "virtual addresses", router, family)


@rule(RouterVip)
def answered(vip: RouterVip, view: View) -> Iterator[Output]:
    """The address, and the flows that all answered addresses of the router's ports share."""
    key = view.get(TunnelKey, vip.router)
    if vip.what != ANSWERED or key is None:
        return
    family = "ip6" if ":" in vip.address else "ip4"
    uuid, name = set_uuid(vip.router, family), f"_rtr_lb_{key.number}_{family}"
    yield AddressSet(uuid=uuid, name=name)
    yield Member(AddressSet.addresses, uuid, vip.address)
    for port in view.find(router_ports, vip.router):
        asked = f"inport == {port.quoted} && {REQUESTS[family]} == ${name}{resident(port)}"
        match, actions = arp_reply(asked, str(INPORT_MAC))
        if family == "ip6":
            actions = neighbor_advertisement("nd_na", str(INPORT_MAC))
        yield flow(ROUTER_IN.IP_INPUT, port.router, 90, match, actions)


@rule(RouterVip)
def sent_here(vip: RouterVip, view: View) -> Iterator[Output]:
    """Requests on a switch for a virtual address go to the router that has it in a network there."""
    if vip.what != VIP:
        return
    for peer in view.find(router_ports, vip.router):
        port = view.get(SwitchPort, peer.switch_port) if peer.switch_port is not None else None
        if port is not None and peer.enabled and network_of(peer, vip.address) is not None:
            yield request(port, vip.address, view)


RULES = (answered, sent_here)
