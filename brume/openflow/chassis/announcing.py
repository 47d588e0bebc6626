"""Which addresses a chassis announces to the physical network by gratuitous ARP (ovn-controller's garp_rarp).

On datapaths with a localnet port plugged in here: VIFs claimed here, and the NAT addresses of router ports whose
gateway (or the VIF behind a distributed floating IP) is resident here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from brume.openflow.chassis.gateways import is_resident
from brume.openflow.chassis.rows import Here
from brume.openflow.from_southbound.addresses import PortAddresses, parse_port_addresses
from brume.openflow.packet_in.announcements import Announcement
from brume.southbound.schema import DatapathBinding, PortBinding
from brume.tables.database import Database
from brume.tables.row import Index
from brume.values import Ipv4Address

_RESIDENT: Final = re.compile(r'\s*is_chassis_resident\("((?:[^"\\]|\\.)*)"\)\s*\Z')

nat_port_by_datapath = Index(
    PortBinding,
    "datapath of port with NAT addresses",
    lambda row: row.datapath if row.type in ("patch", "l3gateway") and row.nat_addresses else None,
)
claimed_port = Index(
    PortBinding,
    "datapath, chassis of VIF",
    lambda row: (row.datapath, row.chassis) if not row.type and row.chassis else None,
)


def announcements(southbound: Database, here: Here, datapaths: list[str]) -> dict[str, Announcement]:
    """All announcements of these datapaths (those with a plugged localnet port), by a name that stays the same."""
    wanted: dict[str, Announcement] = {}
    for uuid in datapaths:
        datapath = southbound.get(DatapathBinding, uuid)
        if datapath is None:
            continue
        for port in southbound.find(claimed_port, (uuid, here.uuid)):
            wanted.update(_of_vif(port, datapath.tunnel_key))
        for port in southbound.find(nat_port_by_datapath, uuid):
            if port.type == "l3gateway" and port.chassis != here.uuid:
                continue
            for text in sorted(port.nat_addresses):
                wanted.update(_of_nat(southbound, here, port, text, datapath.tunnel_key))
    return wanted


def _of_vif(port: PortBinding, datapath: int) -> Iterator[tuple[str, Announcement]]:
    """A VIF announces the first address of its first MAC."""
    for text in sorted(port.mac):
        addresses = parse_port_addresses(text)
        if addresses is not None:
            ip = next(_ipv4(addresses), None)
            yield port.logical_port, Announcement(addresses.mac, ip, datapath, port.tunnel_key)
            return


def _of_nat(
    southbound: Database, here: Here, port: PortBinding, text: str, datapath: int
) -> Iterator[tuple[str, Announcement]]:
    """`MAC IP... is_chassis_resident("port")`; a patch port announces only what says where."""
    listed, mark, condition = text.partition("is_chassis_resident")
    named = _RESIDENT.match(mark + condition)
    if named is None and port.type == "patch":
        return
    if named is not None and not is_resident(southbound, named[1], here.uuid):
        return
    addresses = parse_port_addresses(listed)
    if addresses is None:
        return
    if not addresses.ipv4:
        yield f"{port.logical_port}-noip", Announcement(addresses.mac, None, datapath, port.tunnel_key)
    for ip in _ipv4(addresses):
        yield f"{port.logical_port}-{ip}", Announcement(addresses.mac, ip, datapath, port.tunnel_key)


def _ipv4(addresses: PortAddresses) -> Iterator[Ipv4Address]:
    for address in addresses.ipv4:
        if isinstance(address.address, Ipv4Address):
            yield address.address
