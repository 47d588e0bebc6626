"""Dynamic addresses: what a port gets that asks its switch for addresses. OVN's IPAM.

    Logical_Switch other_config: subnet, exclude_ips, ipv6_prefix, mac_only
    Logical_Switch_Port addresses: "dynamic", "dynamic 10.0.0.9 fd00::9", "0a:00:00:00:00:01 dynamic"
                        dynamic_addresses: "0a:00:00:a8:00:03 10.0.0.3"         <- written here, and kept

The answer is state (what is free depends on what was given before), and its place is NB itself, in a column that rules
read: so it survives a restart, and rules stay pure. Who gets what is decided in `ipam.py`.

Rules: level-triggered, a switch at a time, and only switches that something concerning addresses happened to. A switch
that gives no addresses costs a look.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from msgspec.structs import replace

from brume.northbound.schema import LogicalRouterPort, LogicalSwitch, LogicalSwitchPort, NBGlobal, router_port_by_name
from brume.southbound.from_northbound.facts.addresses import is_dynamic, parse_network, parse_port_addresses
from brume.southbound.from_northbound.facts.ports import switch_port_by_router_port
from brume.southbound.global_options import PREFIX, mac_prefix
from brume.southbound.ipam import MacPool, Plan, Pool, Request, Settings, read_request, read_switch
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Index
from brume.values import Ipv4Address, MacAddress

ROUNDS: Final = 4


def _macs(port: LogicalSwitchPort) -> frozenset[str]:
    """The MACs that a port has, said or given."""
    texts = [*port.addresses, port.dynamic_addresses or ""]
    return frozenset(one.mac for text in texts if (one := parse_port_addresses(text)) is not None)


port_by_mac = Index(LogicalSwitchPort, "MACs", _macs, many=True)
router_port_by_mac = Index(LogicalRouterPort, "MAC", lambda port: port.mac.lower())


class DynamicAddresses:
    """Keeps `dynamic_addresses` of a northbound database as it should be."""

    def __init__(self, northbound: Database) -> None:
        self._northbound = northbound

    def start(self) -> None:
        """Look at every switch."""
        self._settle([row.uuid for row in self._northbound.rows(LogicalSwitch) if self._gives(row.uuid)])

    def follow(self, changes: ChangeSet) -> None:
        """Look at the switches that a change concerns."""
        if self._northbound.author is not self:
            self._settle(dict.fromkeys(self._touched(changes)))

    # what concerns which switch

    def _touched(self, changes: ChangeSet) -> Iterator[str]:
        for row_type, key, old, new in changes.rows:
            if row_type is LogicalSwitchPort:
                yield from self._touched_by_port(key, old, new)
            elif row_type is LogicalSwitch:
                if getattr(old, "other_config", None) != getattr(new, "other_config", None):
                    yield str(key)
            elif row_type is LogicalRouterPort:
                yield from self._touched_by_router_port(old, new)
            elif row_type is NBGlobal and _option(old) != _option(new):
                yield from (row.uuid for row in self._northbound.rows(LogicalSwitch) if self._gives(row.uuid))
        for member, _ in changes.members:
            if member.relation is LogicalSwitch.ports and self._gives(member.parent):
                yield str(member.parent)

    def _touched_by_port(self, uuid: Hashable, old: Any, new: Any) -> Iterator[str]:
        if old is not None and new is not None and _said(old) == _said(new):
            return
        had = any(port is not None and port.dynamic_addresses is not None for port in (old, new))
        for switch in self._northbound.owners(LogicalSwitch.ports, uuid):
            if had or self._gives(switch):
                yield switch

    def _touched_by_router_port(self, old: Any, new: Any) -> Iterator[str]:
        for name in {row.name for row in (old, new) if row is not None}:
            for port in self._northbound.find(switch_port_by_router_port, name):
                for switch in self._northbound.owners(LogicalSwitch.ports, port.uuid):
                    if self._gives(switch):
                        yield switch

    def _gives(self, switch: Hashable) -> bool:
        row = self._northbound.get(LogicalSwitch, switch)
        return row is not None and any(name in row.other_config for name in ("subnet", "ipv6_prefix", "mac_only"))

    # what is given

    def _settle(self, switches: Collection[str]) -> None:
        """Until all may keep what they have: of two who asked for the same address, one moves in the second round."""
        for _ in range(ROUNDS if switches else 0):
            transaction = Transaction(self)
            macs = MacPool(self._prefix(), self._is_taken)
            rows = [self._northbound.get(LogicalSwitch, uuid) for uuid in switches]
            disputed = [self._settle_switch(transaction, row, macs) for row in rows if row is not None]
            self._northbound.apply(transaction)
            if not any(disputed):
                return

    def _settle_switch(self, transaction: Transaction, switch: LogicalSwitch, macs: MacPool) -> bool:
        """Give on one switch; true if it has to be looked at again."""
        found = (self._northbound.get(LogicalSwitchPort, uuid) for uuid in self._members(switch))
        ports = [port for port in found if port is not None]
        settings = read_switch(switch.other_config)
        asking = []
        for port in ports if settings is not None else ():
            request = _request(port.addresses, port.dynamic_addresses) if not self._peers(port) else None
            if request is not None:
                asking.append((port, request))
        plan = Plan(settings or Settings(), Pool(settings or Settings(), self._static(ports) if asking else ()), macs)
        given = plan.answers([request for _, request in asking])
        answers = {port.uuid: text for (port, _), text in zip(asking, given, strict=True)}
        for port in ports:
            answer = answers.get(port.uuid)
            if answer != port.dynamic_addresses:
                transaction.put(replace(port, dynamic_addresses=answer))
        return plan.disputed

    def _members(self, switch: LogicalSwitch) -> list[str]:
        """The ports in the order in which ovn-northd takes them: as a set of uuids is sorted."""
        return sorted(self._northbound.members(LogicalSwitch.ports, switch.uuid))

    def _peers(self, port: LogicalSwitchPort) -> list[LogicalRouterPort]:
        if port.type != "router":
            return []
        return self._northbound.find(router_port_by_name, port.options.get("router-port", ""))

    def _static(self, ports: Iterable[LogicalSwitchPort]) -> Iterator[int]:
        """The IPv4 addresses that ports of a switch, and routers on it, have without asking."""
        for port in ports:
            yield from _static(port.addresses)
            for peer in self._peers(port):
                for network in map(parse_network, peer.networks):
                    if network is not None and isinstance(network.interface.address, Ipv4Address):
                        yield network.interface.address.value

    def _is_taken(self, mac: str) -> bool:
        northbound = self._northbound
        return bool(northbound.find(port_by_mac, mac) or northbound.find(router_port_by_mac, mac))

    def _prefix(self) -> int:
        """The first three octets of the MACs that are given, as a number with room for the other three."""
        row = next(iter(self._northbound.rows(NBGlobal)), None) or NBGlobal(uuid="")
        return MacAddress.parse(f"{mac_prefix(row)}:00:00:00").value


@lru_cache(1 << 16)
def _request(addresses: frozenset[str], given: str | None) -> Request | None:
    return read_request(addresses, given)


@lru_cache(1 << 16)
def _static(addresses: frozenset[str]) -> tuple[int, ...]:
    """The IPv4 addresses that a port has without asking."""
    found = (parse_port_addresses(text) for text in addresses if not is_dynamic(text))
    return tuple(Ipv4Address.parse(address).value for one in found if one is not None for address in one.ipv4)


def _option(row: Any) -> str | None:
    return row.options.get(PREFIX) if row is not None else None


def _said(port: LogicalSwitchPort) -> tuple[object, ...]:
    return port.addresses, port.dynamic_addresses, port.type, port.options
