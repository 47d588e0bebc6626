"""The actions that stand for "what an ordinary switch does": NORMAL, FLOOD, ALL; and groups.

NORMAL learns where the sender lives, sends to where the receiver lives, or to every port of the VLAN.
Left out: spanning tree, bonds, mirrors, multicast snooping (a group's frames are flooded).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zlib import crc32

from brume.dataplane.bridge import vlan_of
from brume.dataplane.leaving import send, to_controller
from brume.dataplane.operations import Learned
from brume.dataplane.ports import Port, PortKind
from brume.dataplane.run import Run
from brume.openflow.messages import ports
from brume.openflow.messages.actions import Controller
from brume.openflow.messages.fields import FIELDS, Field
from brume.openflow.messages.group import Bucket, GroupEntry

_IN_PORT, _VLAN = FIELDS["in_port"], FIELDS["vlan_tci"]
_SOURCE, _DESTINATION = FIELDS["eth_src"], FIELDS["eth_dst"]
_READ: Final = _IN_PORT.mask | _VLAN.mask | _SOURCE.mask | _DESTINATION.mask
_RESERVED: Final = 0x0180C2000000  # IEEE 802.1D: never forwarded by a bridge (last octet 00 to 0f)
_HASHED: Final = (
    FIELDS["ip_src"], FIELDS["ip_dst"], FIELDS["ipv6_src"], FIELDS["ipv6_dst"], FIELDS["nw_proto"],
    FIELDS["tcp_src"], FIELDS["tcp_dst"],
)  # fmt: skip
_HASHED_L2: Final = (FIELDS["eth_src"], FIELDS["eth_dst"], FIELDS["eth_type"], FIELDS["vlan_tci"])
_ETH_TYPE: Final = FIELDS["eth_type"]


def reserved_output(run: Run, number: int) -> None:
    """Output to a reserved port number."""
    if number == ports.NORMAL:
        _normal(run)
    elif number in (ports.FLOOD, ports.ALL):
        run.looked |= _IN_PORT.mask & ~run.written
        for port in list(run.bridge.ports.values()):
            if port.number != _IN_PORT.get(run.key):
                send(run, port.number)
    elif number == ports.IN_PORT:
        run.looked |= _IN_PORT.mask & ~run.written
        send(run, _IN_PORT.get(run.key))
    elif number == ports.CONTROLLER:
        to_controller(run, Controller(), 1)
    elif number == ports.TABLE:
        run.lookup(0)
    else:
        run.drop(f"output to {ports.format_port(number)}")


def _normal(run: Run) -> None:
    run.looked |= _READ & ~run.written
    key = run.key
    bridge, number = run.bridge, _IN_PORT.get(key)
    came_by = bridge.ports.get(number)
    tagged = bool(_VLAN.get(key) & 0x1000)
    vlan = vlan_of(came_by, key)
    destination = _DESTINATION.get(key)
    if destination & ~0xF == _RESERVED:
        run.drop("reserved multicast address")
        return
    if came_by is not None and not _admitted(came_by, tagged, vlan):
        run.drop(f"VLAN {vlan} is not let in by {came_by.name}")
        return
    if run.live and came_by is not None:
        run.operations.append(Learned(run.written, key & run.written, bridge, number))
        bridge.learn_mac(key, number, run.now)
    elif came_by is not None:
        run.macs[bridge.name, vlan, _SOURCE.get(key)] = number
    learned = bridge.macs.get((vlan, destination))
    known = run.macs.get((bridge.name, vlan, destination), None if learned is None else int(learned[0]))
    if known is not None and not destination >> 40 & 1:
        chosen = bridge.ports.get(known)
        if chosen is not None and chosen.number != number:
            _send_in_vlan(run, chosen, vlan)
        else:
            run.drop("the receiver is behind the port it came from")
        return
    for port in list(bridge.ports.values()):
        if port.number != number and _carries(port, vlan):
            _send_in_vlan(run, port, vlan)


def _admitted(port: Port, tagged: bool, vlan: int) -> bool:
    if port.tag is not None:
        return not tagged
    return not port.trunks or vlan in port.trunks


def _carries(port: Port, vlan: int) -> bool:
    if port.kind is PortKind.TUNNEL:
        return False
    if port.tag is not None:
        return port.tag == vlan
    return not port.trunks or vlan in port.trunks


def _send_in_vlan(run: Run, port: Port, vlan: int) -> None:
    saved = run.key, run.written
    tci = _VLAN.get(run.key)
    wanted = 0 if port.tag is not None or not vlan else (tci & 0xE000) | 0x1000 | vlan
    if tci != wanted:
        run.key = _VLAN.set(run.key, wanted)
        run.written |= _VLAN.mask
    send(run, port.number)
    run.key, run.written = saved


def run_group(run: Run, group_id: int) -> None:
    """Do what a group says."""
    group = run.bridge.groups.get(group_id)
    if group is None:
        run.drop(f"no group {group_id}")
        return
    for bucket in _chosen(run, group):
        run.aside(run.switch.compiled_actions(bucket.actions))


def _chosen(run: Run, group: GroupEntry) -> Iterator[Bucket]:
    if group.type == "all":
        yield from group.buckets
    elif group.type == "select":
        fields = _hashed(run.key, group)
        run.looked |= (_ETH_TYPE.mask | sum(field.mask for field in fields)) & ~run.written
        yield from _by_hash(run.key, fields, group)
    elif group.type == "fast_failover":
        yield from [b for b in group.buckets if b.watch_port in run.bridge.ports][:1]
    else:
        yield from group.buckets[:1]


def _hashed(key: int, group: GroupEntry) -> tuple[Field, ...]:
    """The fields that choose: those of the group, or else what is the same for all packets of a connection."""
    if group.fields:
        return group.fields
    return _HASHED if _ETH_TYPE.get(key) in (0x0800, 0x86DD) else _HASHED_L2


def _by_hash(key: int, fields: tuple[Field, ...], group: GroupEntry) -> Iterator[Bucket]:
    """One bucket, by weight, the same for every packet with these fields."""
    total = sum(bucket.weight for bucket in group.buckets)
    if not total:
        return
    spread = crc32(b"".join(field.get(key).to_bytes(16, "big") for field in fields)) % total
    for bucket in group.buckets:
        spread -= bucket.weight
        if spread < 0:
            yield bucket
            return
