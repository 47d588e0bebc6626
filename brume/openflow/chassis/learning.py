"""What packets teach a chassis, as southbound rows: MAC_Binding, FDB, Controller_Event, and where virtual ports are."""

from __future__ import annotations

from msgspec.structs import replace

from brume.openflow.packet_in.messages import Await, BindVirtual, LearnFdb, LearnMac, ReportEvent
from brume.southbound.schema import (
    FDB,
    ControllerEvent,
    DatapathBinding,
    MACBinding,
    PortBinding,
    datapath_by_tunnel_key,
    fdb_by_mac,
    mac_binding_by_port_and_ip,
    port_binding_by_logical_port,
    port_binding_by_tunnel_key,
)
from brume.tables.database import Database
from brume.values import IpAddress, MacAddress, derive_uuid, parse_address


def learned_neighbor(southbound: Database, learned: LearnMac, now: float) -> MACBinding | None:
    """The row to write; None when it says nothing new, or the port has gone."""
    port = port_with_keys(southbound, learned.datapath, learned.port)
    if port is None:
        return None
    ip, mac = str(learned.ip), str(learned.mac)
    known = southbound.find(mac_binding_by_port_and_ip, (port.logical_port, ip))
    if known:
        return None if known[0].mac == mac else replace(known[0], mac=mac, timestamp=int(now * 1000))
    return MACBinding(
        uuid=derive_uuid("MAC_Binding", port.logical_port, ip),
        logical_port=port.logical_port,
        ip=ip,
        mac=mac,
        timestamp=int(now * 1000),
        datapath=port.datapath,
    )


def known_neighbor(southbound: Database, waiting: Await) -> MacAddress | None:
    """The neighbour a packet waits for, when it was learned while the packet was on its way to the controller."""
    port = port_with_keys(southbound, waiting.datapath, waiting.port)
    if port is None:
        return None
    own_port = port.logical_port.removeprefix("cr-")
    known = southbound.find(mac_binding_by_port_and_ip, (own_port, str(waiting.ip)))
    neighbor = read_neighbor(known[0]) if known else None
    return None if neighbor is None else neighbor[1]


def read_neighbor(binding: MACBinding) -> tuple[IpAddress, MacAddress] | None:
    """The addresses of a neighbour; None if somebody has written nonsense, which its flows tell (`neighbors.py`)."""
    try:
        return parse_address(binding.ip), MacAddress.parse(binding.mac)
    except ValueError:
        return None


def learned_station(southbound: Database, learned: LearnFdb) -> FDB | None:
    """The row to write; None when it says nothing new."""
    mac = str(learned.mac)
    known = southbound.find(fdb_by_mac, (mac, learned.datapath))
    if known:
        return None if known[0].port_key == learned.port else replace(known[0], port_key=learned.port)
    uuid = derive_uuid("FDB", str(learned.datapath), mac)
    return FDB(uuid=uuid, mac=mac, dp_key=learned.datapath, port_key=learned.port)


def bound_virtual(southbound: Database, seen: BindVirtual, chassis: str) -> PortBinding | None:
    """The virtual port's row as the chassis that has its parent writes it; None when it says nothing new."""
    port = port_with_keys(southbound, seen.datapath, seen.port)
    parent = port_with_keys(southbound, seen.datapath, seen.parent)
    if port is None or parent is None or port.type != "virtual":
        return None
    row = replace(port, chassis=chassis, virtual_parent=parent.logical_port)
    return None if row == port else row


def reported_event(southbound: Database, reported: ReportEvent, chassis: str) -> ControllerEvent | None:
    """The row to write; None when this chassis has said so already, and nobody has taken the row away."""
    info = tuple(sorted(reported.info.items()))
    uuid = derive_uuid("Controller_Event", chassis, reported.event, str(info))
    if southbound.get(ControllerEvent, uuid) is not None:
        return None
    said = [row.seq_num for row in southbound.rows(ControllerEvent) if row.chassis == chassis]
    number = max(said, default=0) + 1
    return ControllerEvent(
        uuid=uuid, event_type="empty_lb_backends", event_info=reported.info, chassis=chassis, seq_num=number
    )


def port_with_keys(southbound: Database, datapath: int, port: int) -> PortBinding | None:
    """The port with these tunnel keys."""
    for row in southbound.find(datapath_by_tunnel_key, datapath):
        for found in southbound.find(port_binding_by_tunnel_key, (row.uuid, port)):
            return found
    return None


def next_hops(southbound: Database, binding: MACBinding, ip: IpAddress) -> list[tuple[int, int, IpAddress]]:
    """What packets that wait for this neighbour wait for: its router port, or the gateway port in front of it."""
    hops = []
    for name in (binding.logical_port, f"cr-{binding.logical_port}"):
        for port in southbound.find(port_binding_by_logical_port, name):
            datapath = southbound.get(DatapathBinding, port.datapath)
            if datapath is not None:
                hops.append((datapath.tunnel_key, port.tunnel_key, ip))
    return hops
