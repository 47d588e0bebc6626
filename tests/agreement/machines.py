"""A small network, its machines on our chassis, and a story with them: the same whoever wrote the southbound.

    machines = Machines(southbound)          two chassis, four machines, somebody outside
    machines.start()
    assert story(machines) == TOLD

A helper, not a test. Time is virtual; where real programs write the southbound, whoever uses this waits for them
between two calls.
"""

from __future__ import annotations

from typing import Final

from brume.openflow.shared import SharedTranslation
from brume.packets.describe import describe
from brume.simulator.chassis import Chassis, PhysicalNetwork
from brume.simulator.clock import Scheduler
from brume.simulator.host import Host
from brume.simulator.underlay import Underlay
from brume.simulator.wire import Segment
from brume.southbound.schema import MACBinding, PortBinding
from brume.tables.database import Database
from brume.values import InterfaceAddress, Ipv4Address, MacAddress
from tests.southbound.builder import Builder

ADDRESSES: Final = {"compute1": "192.0.2.1", "compute2": "192.0.2.2"}
PLACES: Final = {"a1": "compute1", "a2": "compute2", "b1": "compute2", "b2": "compute1"}
MACS: Final = {name: f"fa:16:3e:00:0{'ab'.index(name[0])}:1{name[1]}" for name in PLACES}
OUTSIDE: Final = ("fa:16:3e:ee:00:01", "203.0.113.1/24")


def small_network(build: Builder | None = None) -> Database:
    """Two networks with DHCP behind a router; its gateway, SNAT and a floating IP; who may reach whom."""
    build = build or Builder()
    for number, name in enumerate(("a", "b")):
        build.switch(name, mcast_snoop="false")
        options = build.dhcp4(f"10.0.{number}.0/24", f"10.0.{number}.1")
        for host in (1, 2):
            address = f"{MACS[f'{name}{host}']} 10.0.{number}.1{host}"
            build.port(name, f"{name}{host}", address, dhcpv4_options=options)
    build.drop_group("a1", "a2", "b1", "b2")
    build.security_group("web", "a1", "a2", "b1")
    build.security_group("lonely", "b2")
    build.switch("public")
    build.localnet("public", "provnet-public")
    build.router("router")
    build.interface("router", "a", "fa:16:3e:aa:00:01", "10.0.0.1/24")
    build.interface("router", "b", "fa:16:3e:aa:00:02", "10.0.1.1/24")
    gateways = ("compute1",)
    build.interface("router", "public", "fa:16:3e:aa:00:03", "203.0.113.10/24", gateways=gateways, nat_addresses=True)
    build.route("router", "0.0.0.0/0", "203.0.113.1")
    build.nat("router", "snat", "203.0.113.10", "10.0.0.0/24")
    build.nat("router", "snat", "203.0.113.10", "10.0.1.0/24")
    build.nat("router", "dnat_and_snat", "203.0.113.20", "10.0.0.11", logical_port="a1")
    return build.apply()


def one_network_more(build: Builder) -> None:
    """What somebody adds later: a third network behind the router with one machine, which may be reached on port 80."""
    build.switch("c")
    options = build.dhcp4("10.0.2.0/24", "10.0.2.1")
    build.port("c", "c1", "fa:16:3e:00:02:11 10.0.2.11", dhcpv4_options=options)
    group = build.group("late", "c1")
    build.acl(group, "from-lport", "inport == @late && ip4", "allow-related")
    build.acl(group, "to-lport", "outport == @late && ip4 && icmp4", "allow-related")
    build.acl(group, "to-lport", "outport == @late && ip", "drop", 1001)
    build.interface("router", "c", "fa:16:3e:aa:00:04", "10.0.2.1/24")
    build.apply()


class Machines:
    """Chassis, and hosts behind their ports."""

    def __init__(self, southbound: Database) -> None:
        self.southbound = southbound
        self.scheduler = Scheduler()
        self.underlay = Underlay(self.scheduler)
        self.shared = SharedTranslation(southbound)
        self.outside = Segment(self.scheduler)
        self.hosts: dict[str, Host] = {}
        self.chassis: dict[str, Chassis] = {}

    def register(self) -> None:
        """Bring up the chassis."""
        physical = {"physnet1": PhysicalNetwork("br-ex", self.outside)}
        for name, address in ADDRESSES.items():
            self.chassis[name] = Chassis(
                name, Ipv4Address.parse(address), self.southbound, self.shared, self.scheduler, self.underlay, physical
            )
        self.settle(1)

    def start(self) -> None:
        """Bring up the chassis if they are not, let machines ask for their addresses."""
        if not self.chassis:
            self.register()
        outside = self.hosts["outside"] = Host(
            "outside", MacAddress.parse(OUTSIDE[0]), self.scheduler, lambda frame: None
        )
        outside.send = self.outside.attach(outside.receive).send
        outside.add_address(InterfaceAddress.parse(OUTSIDE[1]))
        for name, chassis in PLACES.items():
            self.plug(name, chassis, MACS[name])

    def plug(self, port: str, chassis: str, mac: str) -> Host:
        """A machine behind a logical port; it gets its address by DHCP."""
        host = self.hosts[port] = Host(port, MacAddress.parse(mac), self.scheduler, lambda frame: None)
        host.send = self.chassis[chassis].plug(port, host.receive)
        self.settle(1)
        host.dhcp.start()
        self.settle(5)
        return host

    def settle(self, seconds: float) -> None:
        """Let time pass."""
        self.scheduler.run_for(seconds)

    def run(self, host: str, *command: str) -> tuple[int | None, str]:
        """A command on a machine's console: exit code and what it said."""
        job = self.hosts[host].console.run(list(command))
        self.scheduler.run_while(lambda: not job.done, 60)
        return job.exit_code, "\n".join(job.lines)

    def reaches(self, host: str, address: str, port: int | None = None) -> bool:
        """Whether a ping is answered, or a TCP connection made or refused by the machine itself."""
        if port is None:
            return self.run(host, "ping", "-c", "1", "-W", "2", address)[0] == 0
        return self.run(host, "nc", "-z", "-w", "3", address, str(port))[0] == 0

    def watched(self) -> list[str]:
        """One line for each frame on the physical network from now on."""
        lines: list[str] = []
        self.outside.tap(lambda time, frame, end: lines.append(describe(frame)))
        return lines

    def claims(self) -> dict[str, str]:
        """Which chassis each port that is up is on."""
        names = {chassis.here.uuid: name for name, chassis in self.chassis.items()}
        return {
            row.logical_port: names[row.chassis]
            for row in self.southbound.rows(PortBinding)
            if row.chassis is not None and row.up
        }


Story = dict[str, object]


def story(machines: Machines) -> Story:
    """What the machines of the small network get, reach and are seen as."""
    told: Story = {f"{name} has": str(machines.hosts[name].ipv4_address()) for name in PLACES}
    told["claimed"] = {name: place for name, place in machines.claims().items() if name in PLACES}
    told["a1 -> a2"] = machines.reaches("a1", "10.0.0.12")
    told["a1 -> b1 behind the router"] = machines.reaches("a1", "10.0.1.11")
    told["a1 -> router"] = machines.reaches("a1", "10.0.0.1")
    told["b2 -> a1, ping"] = machines.reaches("b2", "10.0.0.11")
    told["b2 -> a1, port 22"] = machines.reaches("b2", "10.0.0.11", 22)
    told["b2 -> a1, port 80"] = machines.reaches("b2", "10.0.0.11", 80)
    told["a2 -> a1, port 80"] = machines.reaches("a2", "10.0.0.11", 80)
    told["way to b1"] = machines.run("a1", "traceroute", "-n", "10.0.1.11")[0]
    seen = machines.watched()
    told["a2 -> outside"] = machines.reaches("a2", "203.0.113.1")
    told["a2 is seen outside as"] = sender_of_ping(seen)
    seen.clear()
    told["a1 -> outside"] = machines.reaches("a1", "203.0.113.1")
    told["a1 is seen outside as"] = sender_of_ping(seen)
    told["outside -> floating IP"] = machines.reaches("outside", "203.0.113.20")
    told["outside -> floating IP, port 22"] = machines.reaches("outside", "203.0.113.20", 22)
    told["outside -> floating IP, port 80"] = machines.reaches("outside", "203.0.113.20", 80)
    told["learned"] = {(row.logical_port, row.ip, row.mac) for row in machines.southbound.rows(MACBinding)}
    return told


def sender_of_ping(lines: list[str]) -> set[str]:
    """Who asked, of the pings among these lines."""
    return {line.split(" > ")[0].split()[-1] for line in lines if "ICMP echo request" in line}


TOLD: Final[Story] = {
    "a1 has": "10.0.0.11",
    "a2 has": "10.0.0.12",
    "b1 has": "10.0.1.11",
    "b2 has": "10.0.1.12",
    "claimed": dict(PLACES),
    "a1 -> a2": True,
    "a1 -> b1 behind the router": True,
    "a1 -> router": True,
    "b2 -> a1, ping": True,
    "b2 -> a1, port 22": True,
    "b2 -> a1, port 80": False,
    "a2 -> a1, port 80": True,
    "way to b1": 0,
    "a2 -> outside": True,
    "a2 is seen outside as": {"203.0.113.10"},
    "a1 -> outside": True,
    "a1 is seen outside as": {"203.0.113.20"},
    "outside -> floating IP": True,
    "outside -> floating IP, port 22": True,
    "outside -> floating IP, port 80": False,
    "learned": {
        ("lrp-router-a", "10.0.0.11", MACS["a1"]),
        ("lrp-router-a", "10.0.0.12", MACS["a2"]),
        ("lrp-router-b", "10.0.1.11", MACS["b1"]),
        ("lrp-router-b", "10.0.1.12", MACS["b2"]),
        ("lrp-router-public", "203.0.113.1", OUTSIDE[0]),
    },
}
