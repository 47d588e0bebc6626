"""One lab in one process, without sockets and files of its own but the bindings.

A host that somebody binds is made of what its logical port says at that moment (`card.py`), and stays as it is until
it is unbound: a machine does not change its address because somebody edits a database. What OVN makes of the port
changes at once, whoever writes NB. A lab that starts again plugs the same hosts in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from brume.dataplane.explain.provenance import Provenance
from brume.northbound.schema import LogicalSwitchPort, switch_port_by_name
from brume.service.control import ControlError
from brume.service.guests import Guest, Inside, Link, unplugged
from brume.service.lab.bindings import Binding, Bindings
from brume.service.lab.card import NoCard, Wishes, make_card
from brume.service.lab.outside import concerns, outside_addresses
from brume.service.lab.settings import LabSettings
from brume.service.lab.upstream import ByHand
from brume.service.network import LogicalNetwork
from brume.service.outside import NAME as OUTSIDE
from brume.service.problems import told
from brume.simulator.clock import Scheduler
from brume.simulator.host.host import Host
from brume.southbound.schema import PortBinding, chassis_by_name, port_binding_by_logical_port
from brume.tables.changes import ChangeSet
from brume.values import InterfaceAddress, MacAddress, parse_address

NO_BINDING = Wishes()


class Lab:
    """NB, SB, the compiler, chassis, and the hosts that were bound."""

    def __init__(
        self,
        settings: LabSettings,
        clock: Callable[[], float] = time.time,
        also: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """`also` has lines of others for the status: of who serves the databases."""
        self.settings = settings
        self.scheduler = Scheduler(clock())
        self._network = LogicalNetwork(self.scheduler, settings.physical_network, compiles=settings.compiles)
        self._bindings = Bindings(settings.paths.bindings)
        self._guests: dict[str, Guest] = {}
        self._also = also

    @property
    def network(self) -> LogicalNetwork:
        """The network from NB down."""
        return self._network

    def start(self) -> None:
        """Compile what NB has, bring up the chassis, plug in what was bound; ValueError for bindings of no use."""
        self._bindings.load()
        self._network.start(self.settings.chassis_names())
        self._network.northbound.subscribe(self._follow)
        self._call_outside()
        for binding in self._bindings:
            if binding.chassis in self._network.chassis:
                self._plug(binding)

    # binding

    def bind(self, port: str, chassis: str, wishes: Wishes = NO_BINDING) -> Binding:
        """Plug a new host in as a logical port; ControlError says why it cannot be."""
        row = self._port(port)
        self._require_chassis(chassis)
        bound = self._bindings.get(port)
        if bound is not None:
            where = "there" if bound.chassis == chassis else f"on {bound.chassis}"
            raise ControlError(f"{port} is bound {where} already; first: brume ovn unbind {port}")
        try:
            card = make_card(self._network.northbound, row, wishes)
        except NoCard as error:
            raise ControlError(str(error)) from None
        if card.parent:
            self._require_parent(port, card.parent, chassis)
        self.scheduler.catch_up()
        binding = Binding(port, chassis, card)
        self._bindings.put(binding)
        self._plug(binding)
        return binding

    def unbind(self, port: str) -> Binding:
        """Unplug a host, which is then gone; ControlError if there is none."""
        bound = self._bindings.get(port)
        if bound is None:
            raise ControlError(f"{port} is not bound; {self._bound()}")
        inside = [one.port for one in self._bindings if one.card.parent == port]
        if inside:
            raise ControlError(f"{', '.join(inside)} is inside {port}; first: brume ovn unbind {inside[0]}")
        self._bindings.remove(port)
        guest = self._guests.pop(port, None)
        if guest is not None:
            guest.host.shut_down()
            if guest.inside is None:
                self._network.chassis[bound.chassis].unplug(port)
            else:
                self._guests[bound.card.parent].link.let_go(bound.card.tag)
        return bound

    def is_up(self, bound: Binding) -> bool:
        """Whether the chassis that a host is plugged in on has claimed its port and installed the flows."""
        southbound = self._network.southbound
        here = {row.uuid for row in southbound.find(chassis_by_name, bound.chassis)}
        for binding in southbound.find(port_binding_by_logical_port, bound.port):
            places = {binding.chassis, *southbound.members(PortBinding.additional_chassis, binding.uuid)}
            if binding.type == "localport" or (binding.up and here & places):
                return True
        return False

    def why_not_up(self, port: str) -> str:
        """Why no chassis has claimed a port that a host is plugged in as, after there was time to."""
        bindings: list[PortBinding] = self._network.southbound.find(port_binding_by_logical_port, port)
        if not bindings:
            return "SB has no such port; does an ovn-northd compile?"
        wanted = bindings[0].options.get("requested-chassis")
        if wanted:
            cure = f"ovn-nbctl remove logical_switch_port {port} options requested-chassis"
            return f"its requested-chassis is {wanted}; first: {cure}"
        return "the chassis has not claimed it"

    def _port(self, name: str) -> LogicalSwitchPort:
        if name == OUTSIDE:
            raise ControlError(f"{OUTSIDE} is the host behind the physical network; give the port another name")
        found = self._network.northbound.find(switch_port_by_name, name)
        if not found:
            names = sorted(port.name for port in self._network.northbound.rows(LogicalSwitchPort) if not port.type)
            known = f"there are {', '.join(names)}" if names else f"make one with: ovn-nbctl lsp-add SWITCH {name}"
            raise ControlError(f"no logical switch port {name}; {known}")
        return found[0]

    def _require_chassis(self, name: str) -> None:
        if name not in self._network.chassis:
            raise ControlError(f"no chassis {name}; there are {', '.join(self._network.chassis)}")

    def _require_parent(self, port: str, parent: str, chassis: str) -> None:
        bound = self._bindings.get(parent)
        if bound is None or parent not in self._guests:
            raise ControlError(f"{port} is a container inside {parent}; first: brume ovn bind {parent} {chassis}")
        if bound.chassis != chassis:
            raise ControlError(f"{port} is a container inside {parent}, which is bound on {bound.chassis}")

    def _bound(self) -> str:
        names = ", ".join(binding.port for binding in self._bindings)
        return f"bound are {names}" if names else "nothing is"

    def _plug(self, binding: Binding) -> None:
        card = binding.card
        host = Host(binding.port, MacAddress.parse(card.mac), self.scheduler, unplugged)
        link = Link(self.scheduler, host)
        inside = Inside(card.parent, card.tag) if card.parent else None
        if inside is None:
            link.connect(self._network.chassis[binding.chassis], binding.port)
        else:
            self._guests[card.parent].link.carry(card.tag, link)
        self._guests[binding.port] = Guest(binding.port, binding.port, host, link, inside)
        self.scheduler.call_later(0, _configure, host, binding)

    def _follow(self, changes: ChangeSet) -> None:
        if concerns(changes):
            self._call_outside()

    def _call_outside(self) -> None:
        outside = self._network.outside
        outside.have(outside_addresses(self._network.northbound, outside.physical_network))

    # as commands and traces see it

    def named(self, name: str) -> Sequence[Guest]:
        """The host that is plugged in as the port of this name."""
        guest = self._guests.get(name)
        return [] if guest is None else [guest]

    def only(self, name: str) -> Sequence[Guest]:
        """The host that is plugged in as the port of this name; ControlError if there is none."""
        found = self.named(name)
        if not found:
            row = self._port(name)
            raise ControlError(f"nothing is plugged in as {row.name}; first: brume ovn bind {row.name} CHASSIS")
        return found

    def at_port(self, port: str) -> Guest | None:
        """The host that is plugged in as this port."""
        return self._guests.get(port)

    def inside(self, port: str, tag: int) -> str | None:
        """The container with a VLAN tag inside the host that is plugged in as a port."""
        return next((guest.port for guest in self._guests.values() if guest.inside == (port, tag)), None)

    def provenance(self) -> Provenance:
        """What flows and rows come from, back to the rows of NB."""
        return Provenance(ByHand(self._network.northbound), self._network.compiler)

    def status(self) -> Iterator[str]:
        """The chassis, what is bound, what could not be derived."""
        yield f"A lab is running, data directory {self.settings.data_directory}"
        yield from self._also()
        for name, chassis in self._network.chassis.items():
            yield f"chassis {name}: tunnel address {chassis.address}, {len(chassis.flows())} flows"
        addresses = " ".join(str(address) for address in self._network.outside.host.addresses)
        yield f"{OUTSIDE}: on {self._network.outside.physical_network}, {addresses}"
        for binding in self._bindings:
            yield f"port {binding.port}: on {binding.chassis}, {self._state(binding)}; {binding.card}"
        yield from told(self._network.problems(), self.provenance())

    def _state(self, binding: Binding) -> str:
        if binding.chassis not in self._network.chassis:
            return "no such chassis in this lab"
        if not self._network.northbound.find(switch_port_by_name, binding.port):
            return "no such logical switch port now"
        return "up" if self.is_up(binding) else f"not up: {self.why_not_up(binding.port)}"


def _configure(host: Host, binding: Binding) -> None:
    """Give a host its addresses, or let it ask for them."""
    card = binding.card
    gateways = {gateway.VERSION: gateway for gateway in map(parse_address, card.gateways)}
    for text in card.addresses:
        address = InterfaceAddress.parse(text)
        gateway = gateways.get(address.address.VERSION)
        host.add_address(address, gateway if gateway is not None and gateway in address.prefix else None)
    if card.dhcp:
        host.dhcp.start()
    if card.ipv6 or card.dhcp6:
        host.enable_ipv6()
    if card.dhcp6 and host.dhcp6.state == "INIT":
        host.dhcp6.start()
