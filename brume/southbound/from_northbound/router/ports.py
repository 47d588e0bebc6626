"""Small questions about router ports that several rules ask."""

from __future__ import annotations

from brume.derive.view import View
from brume.southbound.from_northbound.facts.addresses import Network
from brume.southbound.from_northbound.facts.ports import RouterPort, SwitchPort, gateways_of, localnet_ports
from brume.southbound.from_northbound.facts.settings import is_true
from brume.tables.row import Index


def resident(port: RouterPort) -> str:
    """The condition that holds on the chassis of a gateway port, to be added to a match; empty for other ports."""
    return f" && is_chassis_resident({port.redirect})" if port.gateway else ""


def is_bridged(port: RouterPort) -> bool:
    """Whether other chassis send to a gateway port over the physical network (`redirect-type`)."""
    return port.options.get("redirect-type", "").lower() == "bridged"


bridged_ports = Index(RouterPort, "router", lambda port: port.router if is_bridged(port) else None)


def address_list(addresses: list[str]) -> str:
    """One address as it is, several in braces: how northd writes sets."""
    return addresses[0] if len(addresses) == 1 else f"{{{', '.join(addresses)}}}"


def is_link_local(network: Network) -> bool:
    """Whether it is an IPv6 link-local network (fe80::/10), whose routes are good on one port only."""
    return network.prefix.startswith("fe8")


def answers_on(port: RouterPort, view: View) -> str:
    """Where ARP requests for the port's address are answered; empty where every chassis may.

    On a switch with a localnet port, several chassis would hear the request: only the gateway's chassis answers for
    its port, and for ports that are told to reside there.
    """
    gateways = gateways_of(view, port.router)
    switch_port = view.get(SwitchPort, port.switch_port) if port.switch_port is not None else None
    if not gateways or switch_port is None or not view.find(localnet_ports, switch_port.switch):
        return ""
    if port.gateway:
        return resident(port)
    if is_true(port.options, "reside-on-redirect-chassis", False) and len(gateways) == 1:
        return resident(gateways[0])
    return ""
