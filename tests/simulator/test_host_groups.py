"""Multicast groups of hosts: what is said on the wire, and what is heard."""

from __future__ import annotations

import pytest

from brume.openflow.packet_in.snooping import query
from brume.packets.ethernet import Ethernet
from brume.packets.igmp import Membership, membership4
from brume.packets.ipv4 import IGMP, Ipv4
from brume.values import Ipv4Address, MacAddress

GROUP = Ipv4Address.parse("239.1.1.1")


def said(bench) -> list[Membership]:
    """What the IGMP messages said since last asked."""
    bench.settle()
    frames, bench.frames[:] = [frame for _, frame in bench.frames], []
    found = []
    for frame in frames:
        if Ethernet.parse(frame).ethertype == 0x0800:
            header = Ipv4.parse(frame, 14)
            if header.protocol == IGMP:
                assert (header.ttl, header.options) == (1, b"\x94\x04\x00\x00")
                found.append(membership4(frame[14 + header.size() : 14 + header.total_length]))
    return found


def test_who_joins_says_so_and_says_it_again_when_asked(pair) -> None:
    bench, vm1, _ = pair
    assert bench.run(vm1, "ip addr add 239.1.1.1/32 dev eth0 autojoin").exit_code == 0
    assert said(bench) == [Membership(joined=(GROUP,))]
    asked = query(1, MacAddress.parse("00:00:00:00:00:09"), Ipv4Address.parse("10.0.0.9"), 1, 125).data
    vm1.receive(asked)
    assert said(bench) == [Membership(joined=(GROUP,))]
    assert bench.run(vm1, "ip addr del 239.1.1.1/32 dev eth0").exit_code == 0
    assert said(bench) == [Membership(left=(GROUP,))]
    vm1.receive(asked)
    assert said(bench) == []


def test_only_who_joined_hears(pair) -> None:
    bench, vm1, vm2 = pair
    vm3 = bench.host(3, "10.0.0.3/24")
    bench.run(vm2, "ip addr add 239.1.1.1/32 dev eth0 autojoin")
    heard: list[tuple[str, bytes]] = []
    for host in (vm2, vm3):
        host.udp.open(lambda socket, source, port, data: heard.append((socket.host.name, data)), port=5000)
    vm1.udp.open(lambda *_: None, port=4000).send(GROUP, 5000, b"news")
    bench.settle()
    assert heard == [("vm2", b"news")]


@pytest.mark.parametrize("address", ["10.0.0.77/24", "ff0e::77/128"])
def test_what_is_no_ipv4_group_is_not_joined(pair, address: str) -> None:
    bench, vm1, _ = pair
    job = bench.run(vm1, f"ip addr add {address} dev eth0 autojoin")
    assert (job.lines, job.exit_code) == (["RTNETLINK answers: Invalid argument"], 2)
    assert said(bench) == []
