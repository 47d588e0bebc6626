"""Answer for virtual addresses (lr_in_ip_input); switches send the requests for them here (ls_in_l2_lkup).

One flow of a port answers for all virtual addresses of the router: they are in an address set. Only the chassis of a
gateway port answers by it.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.match import Match
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.facts.balanced import ANSWERED, VIP, AnswersForVips, RouterVip
from brume.southbound.from_northbound.facts.ports import RouterPort, SwitchPort, network_of, router_ports
from brume.southbound.from_northbound.flows import flow
from brume.southbound.from_northbound.router.own_addresses import arp_reply, neighbor_advertisement
from brume.southbound.from_northbound.router.ports import resident
from brume.southbound.from_northbound.switch.router_addresses import request
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import INPORT_MAC
from brume.southbound.schema import AddressSet
from brume.tables.row import Member
from brume.values.uuids import derive_uuid


def set_uuid(router: str, family: str) -> str:
    """The uuid of the address set of a router's virtual addresses."""
    return derive_uuid("Address_Set", "virtual addresses", router, family)


def _set_name(key: TunnelKey, family: str) -> str:
    return f"_rtr_lb_{key.number}_{family}"


@rule(AnswersForVips)
def addresses_of(answers: AnswersForVips, view: View) -> Iterator[Output]:
    key = view.get(TunnelKey, answers.router)
    if key is not None:
        yield AddressSet(uuid=set_uuid(answers.router, answers.family), name=_set_name(key, answers.family))


@rule(RouterVip)
def address_of(vip: RouterVip, view: View) -> Iterator[Output]:
    if vip.what == ANSWERED:
        family = "ip6" if ":" in vip.address else "ip4"
        yield Member(AddressSet.addresses, set_uuid(vip.router, family), vip.address)


@rule(RouterPort)
def answer(port: RouterPort, view: View) -> Iterator[Output]:
    key = view.get(TunnelKey, port.router)
    if key is None:
        return
    if view.get(AnswersForVips, (port.router, "ip4")):
        asked = f"inport == {port.quoted} && arp.op == 1 && arp.tpa == ${_set_name(key, 'ip4')}{resident(port)}"
        yield flow(ROUTER_IN.IP_INPUT, port.router, 90, *arp_reply(asked, str(INPORT_MAC)))
    if view.get(AnswersForVips, (port.router, "ip6")):
        asked = f"inport == {port.quoted} && nd_ns && nd.target == ${_set_name(key, 'ip6')}{resident(port)}"
        yield flow(ROUTER_IN.IP_INPUT, port.router, 90, Match(asked), neighbor_advertisement("nd_na", str(INPORT_MAC)))


@rule(RouterVip)
def sent_here(vip: RouterVip, view: View) -> Iterator[Output]:
    """Requests on a switch for a virtual address go to the router that has it in a network there."""
    if vip.what != VIP:
        return
    for peer in view.find(router_ports, vip.router):
        port = view.get(SwitchPort, peer.switch_port) if peer.switch_port is not None else None
        if port is not None and peer.enabled and network_of(peer, vip.address) is not None:
            yield request(port, vip.address, view)


RULES = (addresses_of, address_of, answer, sent_here)
