"""What a host that is plugged in as a logical port is made of: read from the port, as it is when somebody binds it.

    addresses "0a:.. 10.0.0.10"      that MAC; 10.0.0.10 with the prefix length of the switch's router, which becomes
                                     the default gateway (or of other_config:subnet; else /24)
    dhcpv4_options                   the host asks by DHCP instead
    dhcpv6_options                   the host asks by DHCPv6 instead, unless they are dhcpv6_stateless
    parent_name, tag                 the host is a container: its frames go by its parent's card, with the VLAN tag
    "dynamic"                        what the port's dynamic_addresses say
    "unknown", nothing               whoever binds the port says it: --mac, --ip

Pure: rows and words in, a Card out. What OVN does with the port is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from brume.northbound.neighbourhood import interfaces, routers_on
from brume.northbound.schema import DHCPOptions, LogicalSwitch, LogicalSwitchPort
from brume.southbound.from_northbound.facts.addresses import PortAddresses, parse_port_addresses
from brume.tables.database import Database
from brume.values import InterfaceAddress, IpAddress, MacAddress, Prefix, parse_address

USUAL_LENGTHS = {4: 24, 6: 64}
"""Prefix lengths where nobody says any."""


class NoCard(ValueError):
    """Nothing can be plugged in as this port; the text says why."""


class Card(msgspec.Struct, frozen=True):
    """A host's network card: `addresses` with prefix lengths, `gateways` at most one of each family."""

    mac: str
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    dhcp: bool = False
    ipv6: bool = False
    dhcp6: bool = False
    parent: str = ""
    tag: int = 0

    def __str__(self) -> str:
        words = [self.mac, *self.addresses, *(f"via {gateway}" for gateway in self.gateways)]
        words += ["asks by DHCP"] if self.dhcp else []
        words += ["asks by DHCPv6"] if self.dhcp6 else []
        words += [f"inside {self.parent}, VLAN {self.tag}"] if self.parent else []
        return " ".join(words)


class Wishes(msgspec.Struct, frozen=True):
    """What whoever binds the port says; it counts more than what the port says."""

    mac: str | None = None
    addresses: tuple[str, ...] = ()
    gateway: str | None = None


def make_card(northbound: Database, port: LogicalSwitchPort, wishes: Wishes) -> Card:
    """The card for a port; NoCard if there is none."""
    if port.type not in ("", "localport"):
        raise NoCard(f"logical switch port {port.name} is of type {port.type}: no host is plugged in there")
    if port.parent_name and not port.tag:
        cure = f"ovn-nbctl set logical_switch_port {port.name} tag=NUMBER"
        raise NoCard(f"logical switch port {port.name} is a container inside {port.parent_name}, without a tag; {cure}")
    own = _own_addresses(port)
    mac = _mac(port, own, wishes)
    surroundings = list(_surroundings(northbound, port))
    if wishes.addresses:
        addresses = [_with_length(text, surroundings) for text in wishes.addresses]
    else:
        addresses = [_with_length(text, surroundings) for one in own[:1] for text in (*one.ipv4, *one.ipv6)]
    dhcp = not wishes.addresses and port.dhcpv4_options is not None
    dhcp6 = not wishes.addresses and _leases_ipv6(northbound, port)
    given = [family for family, asks in ((4, dhcp), (6, dhcp6)) if asks]
    addresses = [address for address in addresses if address.address.VERSION not in given]
    gateways = [parse_gateway(wishes.gateway)] if wishes.gateway else list(_gateways(addresses, surroundings))
    ipv6 = port.dhcpv6_options is not None or any(address.address.VERSION == 6 for address in addresses)
    texts = tuple(map(str, addresses)), tuple(map(str, gateways))
    return Card(str(mac), *texts, dhcp, ipv6, dhcp6, port.parent_name or "", (port.tag or 0) if port.parent_name else 0)


def parse_gateway(text: str) -> IpAddress:
    """The address of a gateway, or NoCard."""
    try:
        return parse_address(text)
    except ValueError as error:
        raise NoCard(f"--gateway {text}: {error}") from None


def _leases_ipv6(northbound: Database, port: LogicalSwitchPort) -> bool:
    """Whether DHCPv6 gives the port its address, and not only the rest."""
    options = northbound.get(DHCPOptions, port.dhcpv6_options) if port.dhcpv6_options is not None else None
    return options is not None and options.options.get("dhcpv6_stateless") != "true"


def _own_addresses(port: LogicalSwitchPort) -> list[PortAddresses]:
    texts = sorted(port.addresses)
    if port.dynamic_addresses:
        texts = [port.dynamic_addresses, *texts]
    parsed = [parse_port_addresses(text) for text in texts]
    return [one for one in parsed if one is not None]


def _mac(port: LogicalSwitchPort, own: Sequence[PortAddresses], wishes: Wishes) -> MacAddress:
    if wishes.mac is not None:
        try:
            return MacAddress.parse(wishes.mac)
        except ValueError as error:
            raise NoCard(f"--mac {wishes.mac}: {error}") from None
    if not own:
        raise NoCard(
            f"logical switch port {port.name} has no MAC address; say one with --mac (and --ip), "
            f"or: ovn-nbctl lsp-set-addresses {port.name} 'MAC IP'"
        )
    return MacAddress.parse(own[0].mac)


def _surroundings(northbound: Database, port: LogicalSwitchPort) -> Iterator[InterfaceAddress | Prefix]:
    """The networks on the port's switch: of its routers' ports (the router's address with it), of its own subnet."""
    for switch in northbound.owners(LogicalSwitch.ports, port.uuid):
        for peer in routers_on(northbound, switch):
            yield from interfaces(peer)
        row = northbound.get(LogicalSwitch, switch)
        for name in ("subnet", "ipv6_prefix"):
            text = row.other_config.get(name, "") if row is not None else ""
            if text:
                yield from _prefix(text)


def _prefix(text: str) -> Iterator[Prefix]:
    try:
        yield InterfaceAddress.parse(text if "/" in text else f"{text}/64").prefix
    except ValueError:
        return


def _with_length(text: str, surroundings: Sequence[InterfaceAddress | Prefix]) -> InterfaceAddress:
    try:
        if "/" in text:
            return InterfaceAddress.parse(text)
        address = parse_address(text)
    except ValueError as error:
        raise NoCard(f"--ip {text}: {error}") from None
    for one in surroundings:
        prefix = one if isinstance(one, Prefix) else one.prefix
        if address in prefix:
            return InterfaceAddress(address, prefix.length)
    return InterfaceAddress(address, USUAL_LENGTHS[address.VERSION])


def _gateways(
    addresses: Sequence[InterfaceAddress], surroundings: Sequence[InterfaceAddress | Prefix]
) -> Iterator[IpAddress]:
    """The first router in one of the host's own networks, for each family."""
    routers = [one for one in surroundings if isinstance(one, InterfaceAddress)]
    found: dict[int, IpAddress] = {}
    for router in routers:
        if any(router.address in own.prefix for own in addresses):
            found.setdefault(router.address.VERSION, router.address)
    yield from found.values()
