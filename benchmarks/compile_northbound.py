"""How long the northbound takes to become logical flows: one network from nothing, and one port more.

    python -m benchmarks.compile_northbound [ports ...] [--profile]

One network of N ports with port security, DHCP, the default security group and the group that drops the rest, as
Neutron writes them. Each size runs in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import cProfile
import gc
import pstats
import resource
import subprocess
import sys
import time

from benchmarks.machine import machine
from brume.northbound.schema import (
    ACL,
    DHCPOptions,
    LogicalSwitch,
    LogicalSwitchPort,
    NBGlobal,
    PortGroup,
)
from brume.southbound.compiler import Compiler
from brume.southbound.schema import LogicalFlow
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.values.uuids import derive_uuid

SWITCH, DHCP, DROP, DEFAULT = (derive_uuid("benchmark", name) for name in ("switch", "dhcp", "drop", "default"))
ACLS = (
    (DROP, "to-lport", 1001, "outport == @neutron_pg_drop && ip", "drop"),
    (DROP, "from-lport", 1001, "inport == @neutron_pg_drop && ip", "drop"),
    (DEFAULT, "from-lport", 1002, "inport == @pg_default && ip4", "allow-related"),
    (DEFAULT, "from-lport", 1002, "inport == @pg_default && ip6", "allow-related"),
    (DEFAULT, "to-lport", 1002, "outport == @pg_default && ip4 && ip4.src == $pg_default_ip4", "allow-related"),
    (DEFAULT, "to-lport", 1002, "outport == @pg_default && ip6 && ip6.src == $pg_default_ip6", "allow-related"),
)


def put_network(transaction: Transaction) -> None:
    transaction.put(NBGlobal(uuid=derive_uuid("benchmark", "global")))
    transaction.put(LogicalSwitch(uuid=SWITCH, name="network"))
    options = {
        "server_id": "10.0.0.1",
        "server_mac": "fa:16:3e:00:00:01",
        "lease_time": "43200",
        "router": "10.0.0.1",
        "mtu": "1442",
        "dns_server": "{192.0.2.53}",
    }
    transaction.put(DHCPOptions(uuid=DHCP, cidr="10.0.0.0/16", options=Map(options)))
    transaction.put(PortGroup(uuid=DROP, name="neutron_pg_drop"))
    transaction.put(PortGroup(uuid=DEFAULT, name="pg_default"))
    for group, direction, priority, match, action in ACLS:
        uuid = derive_uuid("acl", match)
        acl = ACL(uuid=uuid, direction=direction, priority=priority, match=match, action=action)  # type: ignore[arg-type]
        transaction.put(acl)
        transaction.add(PortGroup.acls, group, uuid)


def put_port(transaction: Transaction, number: int) -> None:
    name = derive_uuid("port", number)
    address = (
        f"fa:16:3e:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x} 10.0.{number >> 8}.{number & 255}"
    )
    port = LogicalSwitchPort(
        uuid=derive_uuid("row", number),
        name=name,
        addresses=frozenset({address}),
        port_security=frozenset({address}),
        dhcpv4_options=DHCP,
        enabled=True,
        options=Map({"requested-chassis": "compute1", "mcast_flood_reports": "true"}),
        external_ids=Map({"neutron:port_name": f"port{number}", "neutron:cidrs": f"{address.split()[1]}/16"}),
    )
    transaction.put(port)
    transaction.add(LogicalSwitch.ports, SWITCH, port.uuid)
    transaction.add(PortGroup.ports, DROP, port.uuid)
    transaction.add(PortGroup.ports, DEFAULT, port.uuid)


def resident() -> float:
    """Megabytes in use now."""
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize() / 1e6


def measure(ports: int, profile: bool) -> str:
    northbound, southbound = Database("northbound"), Database("southbound")
    transaction = Transaction()
    put_network(transaction)
    for number in range(2, ports + 2):
        put_port(transaction, number)
    northbound.apply(transaction)
    gc.collect()
    before = resident()
    compiler = Compiler(northbound, southbound)
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    start = time.process_time()
    compiler.start()
    full = time.process_time() - start
    if profile:
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(30)
    flows, after = len(southbound.rows(LogicalFlow)), resident()
    one_more = min(add_one(northbound, compiler, ports + 2 + number) for number in range(20))
    return (
        f"{ports:>8} ports {flows:>8} flows {full:>7.2f} s CPU {after:>6.0f} MB resident "
        f"({after - before:>4.0f} of them compiled) {one_more * 1000:>7.3f} ms and "
        f"{compiler.ran()} rules for one port more"
    )


def add_one(northbound: Database, compiler: Compiler, number: int) -> float:
    transaction = Transaction()
    put_port(transaction, number)
    changes = northbound.apply(transaction)
    start = time.process_time()
    compiler.update(changes)
    return time.process_time() - start


def main() -> None:
    arguments = sys.argv[1:]
    profile = "--profile" in arguments
    sizes = [int(argument) for argument in arguments if argument.isdecimal()] or [10, 1000, 10000]
    if len(sizes) == 1:
        print(measure(sizes[0], profile))
        return
    print(machine(), flush=True)
    for size in sizes:
        subprocess.run([sys.executable, "-m", "benchmarks.compile_northbound", str(size)], check=True)


if __name__ == "__main__":
    main()
