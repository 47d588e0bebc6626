"""A whole cloud in virtual time, from the cloud's rows to chassis and hosts, and what a trace asks about it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from brume.cloud.network import ports
from brume.cloud.network.resources import FixedIp, FloatingIp, Port
from brume.cloud.network.settings import NetworkSettings
from brume.dataplane.explain.provenance import Provenance
from brume.dataplane.explain.requests import journal_requests
from brume.dataplane.explain.topology import Plug, Route, Station
from brume.dataplane.switch import Switch
from brume.openflow.shared import SharedTranslation
from brume.simulator.chassis import Chassis, PhysicalNetwork
from brume.simulator.clock import Scheduler
from brume.simulator.host import Host
from brume.simulator.underlay import Underlay
from brume.simulator.wire import Segment
from brume.southbound.compiler import Compiler
from brume.tables.database import Database
from brume.values import InterfaceAddress, Ipv4Address, MacAddress, derive_uuid
from tests.northbound.conftest import World

NAMES = ("compute1", "compute2")
FIRST = Ipv4Address.parse("192.168.56.11")
PHYSNET = "physnet1"


class Lab:
    """Two nodes, compute1 a gateway; a physical network with one host, `outside`."""

    def __init__(self, underlay_mtu: int = 1600, *, distributed: bool = False) -> None:
        self.world = World(NetworkSettings(distributed_floating_ip=distributed))
        numbers = itertools.count(1)
        self.world.context = replace(self.world.context, new_id=lambda: derive_uuid("lab", str(next(numbers))))
        self.scheduler = Scheduler(1_800_000_000.0)
        self.underlay = Underlay(self.scheduler, mtu=underlay_mtu)
        self.segment = Segment(self.scheduler)
        self.hosts: dict[str, Host] = {}
        self.ports: dict[str, Port] = {}
        self.places: dict[str, str] = {}
        self.networks: dict[str, Any] = {}
        self.router: Any = None
        for name in NAMES:
            self.world.chassis(name, gateway=name == "compute1")
        self.southbound = Database("OVN_Southbound")
        self.compiler = Compiler(self.world.nb, self.southbound)
        self.compiler.start()
        self.world.nb.subscribe(self.compiler.update)
        self.southbound.subscribe(self.compiler.observe)
        self.shared = SharedTranslation(self.southbound)
        self.chassis = {name: self._node(name, number) for number, name in enumerate(NAMES)}
        self.settle()

    def _node(self, name: str, number: int) -> Chassis:
        physical = {PHYSNET: PhysicalNetwork("br-ex", self.segment)}
        address = Ipv4Address(FIRST.value + number)
        return Chassis(name, address, self.southbound, self.shared, self.scheduler, self.underlay, physical)

    def server(
        self,
        name: str,
        network: Any,
        node: str,
        *,
        address: str = "",
        dhcp: bool = True,
        plugged: bool = True,
        **values: Any,
    ) -> Port:
        """A server with one port, started on a node."""
        wish = {"name": name, "device_id": f"id-of-{name}", "device_owner": "compute:nova", "binding_host_id": node}
        if address:
            values["fixed_ips"] = (FixedIp("", address),)
        port = self.ports[name] = self.world.port(network, **wish, **values)
        self.places[name] = node
        host = self.hosts[name] = Host(name, MacAddress.parse(port.mac_address), self.scheduler, lambda frame: None)
        if plugged:
            host.send = self.chassis[node].plug(port.id, host.receive)
            if dhcp:
                host.dhcp.start()
            if any(":" in fixed.ip_address for fixed in port.fixed_ips):
                host.enable_ipv6()
            with self.world.store.write(self.world.context) as session:
                ports.set_port_status(self.world.context, session, port.id, True)
        self.settle()
        return port

    def set_port(self, name: str, **values: Any) -> None:
        found = self.world.look(lambda session: session.get(Port, self.ports[name].id))
        self.world.do(lambda c, s, settings: ports.update(c, s, settings, found, values))
        self.settle()

    def outside(self, address: str = "203.0.113.1/24") -> Host:
        host = self.hosts["outside"] = Host(
            "outside", MacAddress.parse("02:00:5e:00:53:01"), self.scheduler, lambda frame: None
        )
        host.send = self.segment.attach(host.receive).send
        host.add_address(InterfaceAddress.parse(address))
        host.add_address(InterfaceAddress.parse("198.51.100.10/32"))
        self.settle()
        return host

    def floating_ips(self) -> list[FloatingIp]:
        return self.world.look(lambda session: session.find(FloatingIp))

    def settle(self, seconds: float = 3.0) -> None:
        self.scheduler.run_for(seconds)

    def topology(self) -> LabTopology:
        return LabTopology(self)


class LabTopology:
    """The lab, as a trace sees it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        names = {f"id-of-{name}": name for name in lab.ports}
        store = lab.world.store
        self.provenance = Provenance(lab.world.compiler, lab.compiler, names.get, journal_requests(store))

    @property
    def underlay_mtu(self) -> int:
        return self.lab.underlay.mtu

    def now(self) -> float:
        return self.lab.scheduler.now()

    def stations(self, name: str) -> Sequence[Station]:
        host = self.lab.hosts.get(name)
        return () if host is None else (self._station(host),)

    def _station(self, host: Host) -> Station:
        port = self.lab.ports.get(host.name)
        return Station(
            name=host.name,
            mac=host.mac,
            addresses=host.addresses,
            routes=tuple(Route(one.prefix, one.gateway) for one in host.routes.entries),
            mtu=host.mtu,
            plug=None if port is None else self._plug(host.name, port),
            physical_network=PHYSNET if port is None else None,
            port_id=None if port is None else port.id,
            listening=frozenset((("tcp", 22), ("tcp", 80), ("udp", 7))),
        )

    def _plug(self, name: str, port: Port) -> Plug | None:
        node = self.lab.places[name]
        for one in self.lab.chassis[node].switch.bridge("br-int").ports.values():
            if one.name.startswith(f"tap-{port.id[:11]}"):
                return Plug(node, "br-int", one.number)
        return None

    def switch(self, chassis: str) -> Switch | None:
        found = self.lab.chassis.get(chassis)
        return None if found is None else found.switch

    def chassis_at(self, address: Ipv4Address) -> str | None:
        return next((one.name for one in self.lab.chassis.values() if one.address == address), None)

    def station_at(self, plug: Plug, tag: int = 0) -> Station | None:
        for name, host in self.lab.hosts.items():
            if name in self.lab.ports and self._plug(name, self.lab.ports[name]) == plug:
                return self._station(host)
        return None

    def physical_network_at(self, plug: Plug) -> str | None:
        return PHYSNET if plug in self.attachments(PHYSNET) else None

    def attachments(self, physical_network: str) -> Sequence[Plug]:
        return tuple(
            Plug(chassis.name, "br-ex", port.number)
            for chassis in self.lab.chassis.values()
            for port in chassis.switch.bridge("br-ex").ports.values()
            if port.name == "eth-br-ex"
        )

    def outsiders(self, physical_network: str) -> Sequence[Station]:
        return tuple(self._station(host) for name, host in self.lab.hosts.items() if name not in self.lab.ports)


def documented(*, distributed: bool = False) -> Lab:
    """The founding documents' scenario: two networks behind myrouter, a public one; vm1 and vm3 on compute1, vm2 and
    vm4 on compute2; a floating IP for vm1; ICMP and TCP 22 are let in."""
    lab = Lab(distributed=distributed)
    world = lab.world
    private, other = world.network(name="private-net"), world.network(name="other-net")
    subnets = world.subnet(private, "192.168.10.0/24", name="private-subnet"), world.subnet(other, "10.0.1.0/24")
    public = world.network(
        name="public-net", router_external=True, provider_network_type="flat", provider_physical_network=PHYSNET
    )
    world.subnet(public, "203.0.113.0/24", enable_dhcp=False)
    router = world.router(name="myrouter")
    for subnet in subnets:
        world.plug(router, subnet)
    world.gateway(router, public)
    first = lab.server("vm1", private, "compute1", address="192.168.10.11")
    group = world.default_group()
    world.rule(group.id, protocol="icmp")
    world.rule(group.id, protocol="tcp", port_range_min=22, port_range_max=22)
    second = lab.server("vm2", private, "compute2", address="192.168.10.12")
    lab.server("vm3", other, "compute1", address="10.0.1.13")
    lab.server("vm4", other, "compute2", address="10.0.1.14")
    world.floating_ip(public, first)
    if distributed:
        world.floating_ip(public, second)
    lab.outside()
    lab.networks = {"private-net": private, "other-net": other, "public-net": public}
    lab.router = router
    lab.settle()
    return lab
