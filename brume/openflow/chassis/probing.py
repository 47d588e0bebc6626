"""Which backends a chassis probes: those of Service_Monitor whose port is here; and what it writes of them.

Pure: rows in, values and rows out. When they are asked is in `packet_in/probes.py`.
"""

from __future__ import annotations

from msgspec.structs import replace

from brume.openflow.chassis.rows import Here
from brume.openflow.from_southbound.addresses import parse_port_addresses
from brume.openflow.packet_in.probes import Schedule, Status, Wanted
from brume.openflow.packet_in.service_check import Target
from brume.southbound.schema import DatapathBinding, PortBinding, ServiceMonitor, port_binding_by_logical_port
from brume.tables.database import Database
from brume.values import IpAddress, MacAddress, parse_address


def wanted_probe(southbound: Database, here: Here, monitor: str) -> Wanted | None:
    """The probe that a row asks of this chassis; None if it asks for none, or cannot be understood."""
    row = southbound.get(ServiceMonitor, monitor)
    port = next(iter(southbound.find(port_binding_by_logical_port, row.logical_port)), None) if row else None
    datapath = southbound.get(DatapathBinding, port.datapath) if port is not None else None
    if row is None or port is None or datapath is None or port.chassis != here.uuid:
        return None
    try:
        ip, source_ip, source_mac = parse_address(row.ip), parse_address(row.src_ip), MacAddress.parse(row.src_mac)
    except ValueError:
        return None
    mac = _mac_of(port, ip)
    if mac is None or type(ip) is not type(source_ip):
        return None
    protocol = row.protocol or "tcp"
    target = Target(datapath.tunnel_key, port.tunnel_key, mac, ip, protocol, row.port, source_mac, source_ip)
    return Wanted(target, _schedule(row))


def _mac_of(port: PortBinding, ip: IpAddress) -> MacAddress | None:
    """The MAC that a port uses for an address; any, where it says no addresses."""
    for text in sorted(port.mac):
        found = parse_port_addresses(text)
        if found is not None:
            known = [address.address for address in (*found.ipv4, *found.ipv6)]
            if ip in known or not known:
                return found.mac
    return None


MOST_DIGITS = 10


def _schedule(row: ServiceMonitor) -> Schedule:
    def number(name: str, default: int) -> int:
        text = row.options.get(name, "")
        return int(text) if text.isdecimal() and len(text) < MOST_DIGITS else default

    return Schedule(
        interval=max(number("interval", 5), 1),
        timeout=max(number("timeout", 3), 1),
        successes=number("success_count", 1),
        failures=number("failure_count", 1),
    )


def found(southbound: Database, monitor: str, status: Status) -> ServiceMonitor | None:
    """The row that says what was found; None when it says so already, or has gone."""
    row = southbound.get(ServiceMonitor, monitor)
    return None if row is None or row.status == status else replace(row, status=status)
