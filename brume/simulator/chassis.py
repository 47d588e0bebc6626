"""Chassis: one hypervisor, put together from its stage, its switch, its controller and its place on the underlay.

    chassis = Chassis("compute1", Ipv4Address.parse("192.0.2.1"), southbound, shared, scheduler, underlay,
                      {"physnet1": PhysicalNetwork("br-ex", segment)})
    inject = chassis.plug("port-uuid", deliver)      deliver(frame) to the instance, inject(frame) from it
    chassis.unplug("port-uuid")

        instance --plug-- br-int --patch-- br-ex --segment
                            |
                          Geneve ==underlay== other chassis

What ovs-vswitchd and ovn-controller do on a machine, this object does in virtual time. Rules: frames are octets on all
sides; what the chassis writes into the southbound database (claims, learned neighbours) it writes in events of its
own, never inside somebody's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from brume.dataplane.ports import PortKind
from brume.dataplane.result import Result
from brume.dataplane.switch import Switch
from brume.openflow.chassis.localnet import localnet_port_by_datapath
from brume.openflow.chassis.peers import Peer, peers
from brume.openflow.chassis.registration import (
    acknowledgement,
    identity,
    is_registered,
    registration,
    remove_namesakes,
    withdrawal,
)
from brume.openflow.chassis.rows import Interface, Tunnel
from brume.openflow.chassis.stage import ChassisStage
from brume.openflow.messages.actions import Output
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.match import EVERYTHING
from brume.openflow.messages.ports import NORMAL
from brume.openflow.shared import SharedTranslation
from brume.packets.errors import PacketError
from brume.packets.ethernet import IPV4, Ethernet
from brume.packets.ipv4 import UDP, Ipv4
from brume.packets.udp import GENEVE, VXLAN, Udp
from brume.simulator.chassis_controller import Controller
from brume.simulator.chassis_flows import Installed
from brume.simulator.clock import Scheduler
from brume.simulator.underlay import Underlay
from brume.simulator.wire import Segment
from brume.southbound.schema import Chassis as ChassisRow
from brume.southbound.schema import ChassisPrivate, Encap, Meter, MeterBand, PortBinding, SBGlobal
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.values import Ipv4Address, MacAddress

Deliver = Callable[[bytes], object]
Inject = Callable[[bytes], None]

INTEGRATION = "br-int"
TICK = 1.0
"""How often, at most, old flows and connections are looked for: when a packet comes at least this much later."""


class PhysicalNetwork(NamedTuple):
    """A bridge, and the segment its network card is on."""

    bridge: str
    segment: Segment


class PortTaken(ValueError):
    """An instance is plugged in already under this name."""


class Chassis:
    """One simulated hypervisor."""

    def __init__(
        self,
        name: str,
        address: Ipv4Address,
        southbound: Database,
        shared: SharedTranslation,
        scheduler: Scheduler,
        underlay: Underlay,
        physical: Mapping[str, PhysicalNetwork] | None = None,
    ) -> None:
        self.name = name
        self.address = address
        self.here = identity(name)
        self.switch = Switch(name)
        self._southbound = southbound
        self._shared = shared
        self._scheduler = scheduler
        self._physical = dict(physical or {})
        self._deliver: dict[tuple[str, int], Deliver] = {}
        self._vifs: dict[str, str] = {}
        self._tunnels: dict[str, tuple[Peer, int]] = {}
        self._patches: dict[str, tuple[str, str]] = {}
        self._known_datapaths: Mapping[str, int] | None = None
        self._claiming = False
        self._is_on = True
        self._ticked = scheduler.now()
        self._bridge = self.switch.add_bridge(INTEGRATION)
        self._send = underlay.attach(address, self._from_underlay)
        self._underlay = underlay
        for network in self._physical.values():
            self._add_physical(network)
        self._register()
        self._installed = Installed(self._bridge, southbound, shared, scheduler)
        self.stage = ChassisStage(southbound, shared, self.here, self._installed.change)
        self.controller = Controller(southbound, self.here, self.switch, scheduler, self._carry_out)
        southbound.subscribe(self._southbound_changed)
        self._sync_tunnels()
        self._sync_patches()
        self._installed.sync_meters()
        self._settled()
        self._scheduler.call_later(0, self._acknowledge)

    def plug(self, port: str, deliver: Deliver) -> Inject:
        """Plug an instance's card in, for the logical port of this name; gives what takes the instance's frames."""
        if port in self._vifs:
            raise PortTaken(f"chassis {self.name}: something is plugged in as {port} already")
        name = self._vifs[port] = f"tap-{port[:11]}-{len(self._vifs)}" if port[:11] != port else f"tap-{port}"
        added = self._bridge.add_port(name)
        self._deliver[INTEGRATION, added.number] = deliver
        self.stage.put_interface(Interface(name=name, ofport=added.number, iface_id=port))
        self._settled()

        def inject(frame: bytes) -> None:
            if self._vifs.get(port) == name:
                self._carry_out(self.switch.receive(INTEGRATION, added.number, frame, self._now()))

        return inject

    def unplug(self, port: str) -> None:
        """Take an instance's card out; a name that is not plugged in is ignored."""
        name = self._vifs.pop(port, None)
        if name is None:
            return
        self._deliver.pop((INTEGRATION, self._bridge.port(name).number), None)
        self._bridge.delete_port(name)
        self.stage.remove_interface(name)
        self._settled()

    def plugs(self) -> dict[str, int]:
        """The logical ports plugged in here, and their port numbers in br-int."""
        return {port: self._bridge.port(name).number for port, name in self._vifs.items()}

    def cards(self) -> dict[str, tuple[str, int]]:
        """The physical networks this chassis is on: the bridge of each, and its card's port number there."""
        return {
            network: (place.bridge, self.switch.bridge(place.bridge).port(f"eth-{place.bridge}").number)
            for network, place in self._physical.items()
        }

    def flows(self, bridge: str = INTEGRATION) -> list[Flow]:
        """The flows of a bridge."""
        return list(self.switch.bridge(bridge).tables.flows())

    def close(self) -> None:
        """Switch the machine off: its rows go, and its tunnel address is free."""
        self._is_on = False
        self._southbound.unsubscribe(self._southbound_changed)
        self.stage.close()
        self.controller.close()
        self._underlay.detach(self.address)
        self._southbound.apply(withdrawal(self.here, self.address))

    # packets

    def _now(self) -> float:
        now = self._scheduler.now()
        if now >= self._ticked + TICK:
            self._ticked = now
            self.switch.tick(now)
        return now

    def _carry_out(self, result: Result) -> None:
        """Send what the switch gave out, and show the controller its packet-ins."""
        for out in result.outputs:
            deliver = self._deliver.get((out.bridge, out.port))
            if deliver is not None:
                deliver(out.frame)
        for packet in result.tunnels:
            link = Ethernet(_mac_of(packet.destination), _mac_of(packet.source), IPV4)
            self._send(link.pack() + packet.ip_packet())
        for packet_in in result.packet_ins:
            self.controller.take(packet_in)

    def _from_underlay(self, frame: bytes) -> None:
        """A tunnel packet from another chassis; anything else is not for us."""
        try:
            ip = Ipv4.parse(frame, Ethernet.minimum())
            start = Ethernet.minimum() + ip.size()
            if ip.protocol != UDP:
                return
            udp = Udp.parse(frame, start)
        except PacketError:
            return
        protocol = {GENEVE: "geneve", VXLAN: "vxlan"}.get(udp.destination)
        if protocol is not None:
            payload = frame[start + udp.size() : start + udp.length]
            source, destination = ip.source.value, ip.destination.value
            self._carry_out(self.switch.receive_tunnel(protocol, source, destination, payload, self._now()))

    def _add_physical(self, network: PhysicalNetwork) -> None:
        """A learning bridge with a card on the segment."""
        if network.bridge in self.switch.bridges:
            return
        bridge = self.switch.add_bridge(network.bridge)
        bridge.tables.add(Flow(0, 0, EVERYTHING, (Output(NORMAL),)), self._scheduler.now())
        card = bridge.add_port(f"eth-{network.bridge}")

        def received(frame: bytes) -> None:
            self._carry_out(self.switch.receive(network.bridge, card.number, frame, self._now()))

        self._deliver[network.bridge, card.number] = network.segment.attach(received).send

    # following the southbound database

    def _southbound_changed(self, changes: ChangeSet) -> None:
        kinds = {change.row_type for change in changes.rows}
        if ChassisRow in kinds or Encap in kinds:
            self._sync_tunnels()
        if not kinds.isdisjoint((ChassisRow, Encap, ChassisPrivate)) and not self._is_registered():
            self._scheduler.call_later(0, self._register_again)
        if Meter in kinds or MeterBand in kinds:
            self._installed.sync_meters()
        if SBGlobal in kinds:
            self._scheduler.call_later(0, self._acknowledge)
        localnet = any(
            isinstance(row, PortBinding) and row.type == "localnet"
            for change in changes.rows
            if change.row_type is PortBinding
            for row in (change.old, change.new)
        )
        if localnet or self.stage.datapaths is not self._known_datapaths:
            self._sync_patches()
        self.controller.southbound_changed(changes)
        self._settled()

    def _settled(self) -> None:
        """After a change: forget what was tracked in reused zones, announce, claim."""
        if self.stage.datapaths is not self._known_datapaths:
            self._sync_patches()
        for zone in self.stage.take_fresh_zones():
            self.switch.conntrack.flush(zone)
        if not self._claiming and self.stage.has_claims():
            self._claiming = True
            self._scheduler.call_later(0, self._claim)

    def _claim(self) -> None:
        self._claiming = False
        transaction = Transaction()
        for row in self.stage.take_claims():
            transaction.put(row)
        self._southbound.apply(transaction)

    def _register(self) -> None:
        """Say that we are here; a chassis of our name with another uuid was here before."""
        bridges = {network: place.bridge for network, place in self._physical.items()}
        transaction = registration(self.here, self.address, Map(bridges))
        remove_namesakes(self._southbound, self.here, transaction)
        self._southbound.apply(transaction)

    def _is_registered(self) -> bool:
        return is_registered(self._southbound, self.here, self.address)

    def _register_again(self) -> None:
        """Somebody has deleted or changed our rows: as long as we live, they come back, and our claims with them."""
        if self._is_on and not self._is_registered():
            self._register()
            self._scheduler.call_later(0, self._acknowledge)

    def _acknowledge(self) -> None:
        """Flows are installed in the same event as the change, so that all of them are by now."""
        row = acknowledgement(self._southbound, self.here, self._scheduler.now())
        if row is not None:
            transaction = Transaction()
            transaction.put(row)
            self._southbound.apply(transaction)

    def _sync_tunnels(self) -> None:
        """A tunnel port for each other chassis."""
        wanted = {peer.chassis: peer for peer in peers(self._southbound, self.here)}
        for chassis in [chassis for chassis, (peer, _) in self._tunnels.items() if wanted.get(chassis) != peer]:
            _, number = self._tunnels.pop(chassis)
            self._bridge.delete_port(number)
            self.stage.remove_tunnel(chassis)
        for chassis, peer in wanted.items():
            if chassis in self._tunnels:
                continue
            remote = Ipv4Address.parse(peer.address).value
            port = self._bridge.add_port(
                f"ovn-{peer.name}-0",
                kind=PortKind.TUNNEL,
                protocol=peer.kind,
                remote=remote,
                local=self.address.value,
            )
            self._tunnels[chassis] = (peer, port.number)
            self.stage.put_tunnel(Tunnel(chassis=chassis, ofport=port.number, kind=peer.kind))

    def _sync_patches(self) -> None:
        """A pair of patch ports for each localnet port of a local datapath whose network is here."""
        self._known_datapaths = self.stage.datapaths
        wanted: dict[str, str] = {}
        for datapath in self._known_datapaths:
            for port in self._southbound.find(localnet_port_by_datapath, datapath):
                network = self._physical.get(port.options.get("network_name", ""))
                if network is not None:
                    wanted[port.logical_port] = network.bridge
        for name in [name for name, (bridge, _) in self._patches.items() if wanted.get(name) != bridge]:
            bridge, ours = self._patches.pop(name)
            self._bridge.delete_port(ours)
            self.switch.bridge(bridge).delete_port(f"patch-{name}-to-{INTEGRATION}")
            self.stage.remove_interface(ours)
        for name, bridge in wanted.items():
            if name not in self._patches:
                self._add_patch(name, bridge)
        self.controller.announce_on(self._plugged())
        self.controller.work_on(self._known_datapaths)

    def _add_patch(self, localnet: str, bridge: str) -> None:
        ours, theirs = f"patch-{INTEGRATION}-to-{localnet}", f"patch-{localnet}-to-{INTEGRATION}"
        port = self._bridge.add_port(ours, kind=PortKind.PATCH, peer=theirs)
        self.switch.bridge(bridge).add_port(theirs, kind=PortKind.PATCH, peer=ours)
        self._patches[localnet] = (bridge, ours)
        self.stage.put_interface(Interface(name=ours, ofport=port.number, localnet=localnet))

    def _plugged(self) -> list[str]:
        """Local datapaths with a localnet port plugged in."""
        return [
            datapath
            for datapath in self.stage.datapaths
            for port in self._southbound.find(localnet_port_by_datapath, datapath)
            if port.logical_port in self._patches
        ]


def _mac_of(address: int) -> MacAddress:
    """The MAC address of a tunnel endpoint: there is no ARP on the underlay, so any that is the same each time."""
    return MacAddress(0x0A << 40 | address)
