"""IGMP_Group rows as a chassis writes them: who of its ports has joined what, on which switches it snoops, and how.

Pure: rows in, a transaction out. What has been learned, and until when, is in `packet_in/memberships.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from brume.openflow.chassis.learning import port_with_keys
from brume.openflow.packet_in.memberships import Group, Memberships
from brume.openflow.packet_in.messages import PacketOut
from brume.openflow.packet_in.snooping import query
from brume.southbound.schema import (
    DatapathBinding,
    IGMPGroup,
    IPMulticast,
    datapath_by_tunnel_key,
    igmp_group_by_chassis,
    ip_multicast_by_datapath,
)
from brume.tables.database import Database, Transaction
from brume.values import Ipv4Address, MacAddress
from brume.values.uuids import derive_uuid

IDLE = 300
MOST = 2048
LEAST = 1
"""Seconds: northd writes no less, and people may."""


def snooping(southbound: Database, datapath: int) -> IPMulticast | None:
    """How the switch with this tunnel key is snooped on; None if it is not."""
    for binding in southbound.find(datapath_by_tunnel_key, datapath):
        for row in southbound.find(ip_multicast_by_datapath, binding.uuid):
            return row if row.enabled else None
    return None


def written(southbound: Database, memberships: Memberships, changed: Iterable[Group], chassis: str) -> Transaction:
    """The rows of groups that have changed."""
    transaction = Transaction()
    for group in sorted(changed):
        datapath, address = group
        for binding in southbound.find(datapath_by_tunnel_key, datapath):
            uuid = derive_uuid("IGMP_Group", address, binding.uuid, chassis)
            ports = [port_with_keys(southbound, datapath, number) for number in sorted(memberships.ports(group))]
            wanted = {port.uuid for port in ports if port is not None}
            for gone in set(southbound.members(IGMPGroup.ports, uuid)) - wanted:
                transaction.remove(IGMPGroup.ports, uuid, gone)
            if not wanted:
                transaction.delete(IGMPGroup, uuid)
                continue
            transaction.put(IGMPGroup(uuid=uuid, address=address, datapath=binding.uuid, chassis=chassis))
            for port in sorted(wanted):
                transaction.add(IGMPGroup.ports, uuid, port)
    return transaction


def forgotten(southbound: Database, chassis: str) -> Transaction:
    """All that the chassis wrote is gone: it has just started, or it stops."""
    transaction = Transaction()
    for row in southbound.find(igmp_group_by_chassis, chassis):
        for port in southbound.members(IGMPGroup.ports, row.uuid):
            transaction.remove(IGMPGroup.ports, row.uuid, port)
        transaction.delete(IGMPGroup, row.uuid)
    return transaction


def querier(southbound: Database, datapath: str) -> tuple[PacketOut, float] | None:
    """What a chassis asks the hosts of a switch, and every how many seconds; None where nobody is to ask.

    Only IGMP: without an IPv4 source nothing is asked.
    """
    binding = southbound.get(DatapathBinding, datapath)
    for row in southbound.find(ip_multicast_by_datapath, datapath):
        if binding is None or not row.enabled or not row.querier:
            return None
        try:
            mac, source = MacAddress.parse(row.eth_src), Ipv4Address.parse(row.ip4_src)
        except ValueError:
            return None
        interval = max(row.query_interval or IDLE // 2, LEAST)
        return query(binding.tunnel_key, mac, source, max(row.query_max_resp or 1, LEAST), interval), float(interval)
    return None
