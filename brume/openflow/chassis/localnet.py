"""A localnet port that has its patch port here: what belongs on the physical network, and what must not go there.

Router ports have one MAC address on all chassis. Where another chassis has its own (ovn-chassis-mac-mappings), frames
of a distributed router arrive with that, and get the router's address back. Ours have none: they leave as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.view import View
from brume.openflow.chassis.common import enter, forget_registers, physical, to_port, zones_of
from brume.openflow.chassis.patch import peer_of
from brume.openflow.chassis.rows import Here, interface_by_localnet
from brume.openflow.chassis.vif import WITHOUT_TAG, Attachment
from brume.openflow.from_southbound.addresses import parse_port_addresses
from brume.openflow.messages.actions import Actions, Conjunction, PopVlan, Resubmit, SetField
from brume.openflow.messages.fields import FIELDS
from brume.openflow.messages.match import VLAN_PRESENT, make_match
from brume.openflow.registers import FLAGS, Flag
from brume.openflow.rows import PhysicalFlow
from brume.openflow.tables import Table
from brume.southbound.schema import PortBinding
from brume.tables.row import Index
from brume.values import MacAddress

CHASSIS_MAC_CONJUNCTION: Final = 100
LOCALPORT: Final = Flag.FROM_LOCALPORT.mask
LOCAL_ONLY: Final = Flag.LOCAL_ONLY.mask

patch_port_by_datapath = Index(
    PortBinding, "datapath of patch port", lambda row: row.datapath if row.type in ("patch", "l3gateway") else None
)
external_port_by_datapath = Index(
    PortBinding, "datapath of external port", lambda row: row.datapath if row.type == "external" else None
)
localnet_port_by_datapath = Index(
    PortBinding, "datapath of localnet port", lambda row: row.datapath if row.type == "localnet" else None
)


def localnet_flows(port: PortBinding, datapath: int, at: Attachment, view: View) -> Iterator[PhysicalFlow]:
    """What a localnet port has beside the flows of any attached port."""
    for part, flag in (("localport", LOCALPORT), ("local only", LOCAL_ONLY)):
        match = to_port(datapath, port.tunnel_key, **{FLAGS: (flag, flag)})
        yield physical(port.uuid, part, Table.CHECK_LOOPBACK, 160, match, ())
    yield from _to_external_ports(port, datapath, view)
    for number, patch in enumerate(view.find(patch_port_by_datapath, port.datapath)):
        router = peer_of(view, patch)
        mac = None if router is None else router_mac(router)
        if router is not None and mac is not None:
            yield from _router_mac_back(port, datapath, at, router, mac, number, view)


def _to_external_ports(port: PortBinding, datapath: int, view: View) -> Iterator[PhysicalFlow]:
    """What a localport sends to an external port that this chassis serves does belong on the physical network."""
    here = view.get(Here, "here")
    onward = (*forget_registers(), Resubmit(Table.EGRESS))
    for external in view.find(external_port_by_datapath, port.datapath):
        if here is None or external.chassis != here.uuid:
            continue
        for text in external.mac:
            addresses = parse_port_addresses(text)
            if addresses is not None:
                more: dict[str, int | tuple[int, int]] = {FLAGS: (LOCALPORT, LOCALPORT), "eth_dst": addresses.mac.value}
                match = to_port(datapath, port.tunnel_key, **more)
                yield physical(port.uuid, f"external {addresses.mac}", Table.CHECK_LOOPBACK, 170, match, onward)


def router_mac(port: PortBinding) -> MacAddress | None:
    """The MAC address of a router port."""
    for text in port.mac:
        try:
            return MacAddress.parse(text.split()[0])
        except (ValueError, IndexError):
            return None
    return None


def _router_mac_back(
    port: PortBinding, datapath: int, at: Attachment, router: PortBinding, mac: MacAddress, number: int, view: View
) -> Iterator[PhysicalFlow]:
    """A frame with some chassis's own MAC address gets this router port's: one clause of a conjunction, and its end."""
    tag = (at.tag | VLAN_PRESENT, 0x1FFF) if at.tag else WITHOUT_TAG
    untag: Actions = (PopVlan(),) if at.tag else ()
    restored: Actions = (
        *untag,
        *enter(zones_of(view, port), datapath, port.tunnel_key),
        SetField(FIELDS["eth_src"], mac.value),
        Resubmit(Table.INGRESS),
    )
    whole = make_match(in_port=at.ofport, conj_id=CHASSIS_MAC_CONJUNCTION, vlan_tci=tag)
    clause: Actions = (Conjunction(CHASSIS_MAC_CONJUNCTION, 2, 2),)
    cookie = int(router.uuid[:8], 16)
    table = Table.PHYSICAL_TO_LOGICAL
    yield physical(port.uuid, f"router mac {number}", table, 180, whole, restored, cookie=cookie)
    yield physical(port.uuid, f"router clause {number}", table, 180, make_match(vlan_tci=tag), clause, cookie=cookie)


def plugged_localnet(view: View, datapath: str) -> PortBinding | None:
    """The localnet port of a datapath, if this chassis has a patch port to its physical network."""
    for port in view.find(localnet_port_by_datapath, datapath):
        if view.one(interface_by_localnet, port.logical_port) is not None:
            return port
    return None
