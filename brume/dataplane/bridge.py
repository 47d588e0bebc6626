"""A bridge: ports, flow tables, groups, meters, and the MAC addresses its NORMAL action has learned."""

from __future__ import annotations

import heapq
from typing import Any, Final

from brume.dataplane.flow_tables import FlowTables
from brume.dataplane.ports import Port, PortCounters, PortKind
from brume.openflow.messages import ports
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import FIELDS
from brume.openflow.messages.group import GroupEntry
from brume.openflow.messages.meter import MeterEntry

MAC_AGE: Final = 300.0
_SOURCE, _VLAN = FIELDS["eth_src"], FIELDS["vlan_tci"]
_MULTICAST: Final = 1 << 40


class Bridge:
    """One switch in the switch. `version` rises with every change that is not one of flows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tables = FlowTables()
        self.ports: dict[int, Port] = {}
        self.counters: dict[int, PortCounters] = {}
        self.groups: dict[int, GroupEntry] = {}
        self.meters: dict[int, MeterEntry] = {}
        self.levels: dict[int, tuple[float, float]] = {}  # meter: (tokens, when)
        self.macs: dict[tuple[int, int], list[float]] = {}  # (VLAN, MAC): [port, last seen]
        self.version = 0
        self._numbers: dict[str, int] = {}
        self._freed: list[int] = []  # a heap
        self._highest = 0
        self.tunnels: dict[tuple[str, int | None], Port] = {}
        """Tunnel ports by protocol and remote address; None: any."""
        self.add_port(name, ports.LOCAL, PortKind.LOCAL)

    @property
    def generation(self) -> int:
        return self.version + self.tables.generation

    def add_port(self, name: str, number: int | None = None, kind: PortKind = PortKind.TAP, **options: Any) -> Port:
        """Add a port; without a number it gets the lowest free one. `options` are Port's other fields."""
        if number in self.ports or name in self._numbers:
            raise OpenFlowError(f"bridge {self.name} has a port {number} or {name} already")
        if number is None:
            number = self._free_number()
        port = Port(number=number, name=name, kind=kind, **options)
        self.ports[number] = port
        self._numbers[name] = number
        self.counters[number] = PortCounters()
        if kind is PortKind.TUNNEL:
            self.tunnels.setdefault((port.protocol, port.remote), port)
        self.version += 1
        return port

    def _free_number(self) -> int:
        """The lowest number that no port has: one given back, or the next after the highest taken this way."""
        while self._freed:
            number = heapq.heappop(self._freed)
            if number not in self.ports:
                return number
        self._highest += 1
        while self._highest in self.ports:
            self._highest += 1
        if self._highest >= ports.MAX:
            raise OpenFlowError(f"bridge {self.name} has no number left for a port")
        return self._highest

    def delete_port(self, port: int | str) -> None:
        """Delete a port and what was learned on it."""
        gone = self.port(port)
        number = gone.number
        del self.ports[number], self.counters[number], self._numbers[gone.name]
        if number <= self._highest:
            heapq.heappush(self._freed, number)
        if gone.kind is PortKind.TUNNEL:
            self._forget_tunnel(gone)
        self.macs = {key: seen for key, seen in self.macs.items() if seen[0] != number}
        self.version += 1

    def _forget_tunnel(self, gone: Port) -> None:
        key = gone.protocol, gone.remote
        if self.tunnels.get(key) is gone:
            del self.tunnels[key]
            for other in self.ports.values():
                if other.kind is PortKind.TUNNEL and (other.protocol, other.remote) == key:
                    self.tunnels[key] = other
                    return

    def port(self, port: int | str) -> Port:
        """The port with this number or name."""
        found = self.ports.get(port) if isinstance(port, int) else self.named(port)
        if found is None:
            raise OpenFlowError(f"bridge {self.name} has no port {port}")
        return found

    def named(self, name: str) -> Port | None:
        """The port with this name, if there is one."""
        return self.ports.get(self._numbers.get(name, -1))

    def port_names(self) -> dict[int, str]:
        """For printing flows with names."""
        return {port.number: port.name for port in self.ports.values()}

    def set_group(self, group: GroupEntry) -> None:
        self.groups[group.group_id] = group
        self.version += 1

    def delete_group(self, group_id: int) -> None:
        self.groups.pop(group_id, None)
        self.version += 1

    def set_meter(self, meter: MeterEntry) -> None:
        self.meters[meter.meter_id] = meter
        self.levels.pop(meter.meter_id, None)
        self.version += 1

    def delete_meter(self, meter_id: int) -> None:
        self.meters.pop(meter_id, None)
        self.version += 1

    def learn_mac(self, key: int, port: int, now: float) -> None:
        """The source of a frame lives behind a port."""
        source = _SOURCE.get(key)
        if source & _MULTICAST:
            return
        where = (vlan_of(self.ports.get(port), key), source)
        known = self.macs.get(where)
        if known is None or known[0] != port:
            self.macs[where] = [port, now]
            self.version += 1
        else:
            known[1] = now

    def age(self, now: float) -> None:
        """Forget addresses not seen for five minutes."""
        old = [where for where, seen in self.macs.items() if now - seen[1] >= MAC_AGE]
        for where in old:
            del self.macs[where]
        self.version += bool(old)

    def meter_passes(self, meter_id: int, size: int, now: float, take: bool = True) -> bool:
        """Take a packet's worth from a meter's bucket (RFC 2697 style, one second of rate when no burst is set), or
        only say whether it could be taken."""
        meter = self.meters.get(meter_id)
        if meter is None:
            return True
        depth = float(meter.burst or meter.rate)
        tokens, when = self.levels.get(meter_id, (depth, now))
        tokens = min(depth, tokens + (now - when) * meter.rate)
        cost = 1.0 if meter.packets else size * 8 / 1000
        passes = cost <= tokens
        if take:
            self.levels[meter_id] = (tokens - cost if passes else tokens, now)
        return passes


def vlan_of(port: Port | None, key: int) -> int:
    """The VLAN a frame belongs to: its access port's, else its tag's, else 0."""
    if port is not None and port.tag is not None:
        return port.tag
    tci = _VLAN.get(key)
    return tci & 0xFFF if tci & 0x1000 else 0
