"""Hostile wires: whatever octets come from an instance, the underlay or the physical network, nothing breaks, and
nothing that an instance sends reaches another project with the same addresses.

Frames are random octets, and good ones that are cut, changed and tagged.
"""

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stories.conftest import tell
from tests.stories.language import understand
from tests.stories.story import stories
from tests.stories.world import World

TWO_PROJECTS = """# Two

## Two

```story
Given network blue 192.168.10.0/24
      router r between blue
      server eve in blue on compute1 at 192.168.10.11
      server friend in blue on compute2 at 192.168.10.12
      as neighbour
      network red 192.168.10.0/24
      router s between red
      server twin1 in red on compute1 at 192.168.10.11
      server twin2 in red on compute2 at 192.168.10.12
```
"""
HOSTILE = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NODES = ("192.168.56.11", "192.168.56.12")


def octets(address):
    return bytes(map(int, address.split(".")))


def ipv4(source, destination, protocol, payload):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    return head + octets(source) + octets(destination) + payload


def udp(source, destination, payload):
    return struct.pack("!HHHH", source, destination, 8 + len(payload), 0) + payload


def geneve(key, ports, inner):
    return struct.pack("!BBHI", 0x02, 0, 0x6558, key << 8) + struct.pack("!HBBI", 0x0102, 0x80, 1, ports) + inner


def good_frames(eve, others):
    """What an instance might send that wants to harm: each is well formed."""
    inner = b"\xff" * 6 + eve + b"\x08\x06" + arp(1, eve, "192.168.10.11", "192.168.10.12")
    for target in (b"\xff" * 6, *others):
        ethernet = target + eve
        for address in ("192.168.10.12", "192.168.10.1", "255.255.255.255", *NODES):
            for key in (1, 2, 3, 4):
                tunnel = udp(50000, 6081, geneve(key, 0x00010002, inner))
                yield ethernet + b"\x08\x00" + ipv4("192.168.10.11", address, 17, tunnel)
            yield ethernet + b"\x08\x00" + ipv4("192.168.10.11", address, 1, b"\x08\0\0\0\0\1\0\1")
            yield ethernet + b"\x08\x00" + ipv4("192.168.10.12", address, 6, b"\0\x16\0\x16" + b"\0" * 16)
            yield ethernet + b"\x81\0\0\x05\x08\0" + ipv4("192.168.10.11", address, 17, udp(67, 68, b"\x02" * 240))
        yield ethernet + b"\x08\x06" + arp(2, eve, "192.168.10.1", "192.168.10.12")
        yield ethernet + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, 24, 58, 255) + b"\xfe" * 32 + b"\x88" + b"\0" * 23
        yield (
            ethernet
            + b"\x08\x00"
            + ipv4("0.0.0.0", "255.255.255.255", 17, udp(68, 67, b"\x01\x01\x06\0" + b"\0" * 240))
        )


def arp(operation, mac, source, target):
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac + octets(source) + b"\0" * 6 + octets(target)


@st.composite
def spoiled(draw, frames):
    """A good frame, or one that is cut, changed or longer; or anything."""
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return draw(st.binary(max_size=200))
    frame = bytearray(draw(st.sampled_from(frames)))
    for _ in range(draw(st.integers(0, 4))):
        frame[draw(st.integers(0, len(frame) - 1))] = draw(st.integers(0, 255))
    return bytes(frame[: draw(st.integers(0, len(frame)))] if kind < 3 else frame) + draw(st.binary(max_size=8))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("hostile") / "cloud")
    [story] = stories(TWO_PROJECTS)
    tell(world, [(one, understand(one)) for one in story.sentences])
    world.pass_time(5)
    yield world
    world.close()


@pytest.fixture(scope="module")
def frames(world):
    macs = [world.plug(name).host.mac.value.to_bytes(6, "big") for name in ("eve", "twin1", "twin2")]
    world.api.project = "demo"
    return list(good_frames(macs[0], macs[1:]))


@pytest.fixture(scope="module")
def stolen(world):
    """Every frame that a wire of the neighbour's carries from now on."""
    seen = []
    for name in ("twin1", "twin2"):
        world.plug(name).link.tap(lambda time, frame: seen.append(frame))
    return seen


@HOSTILE
@given(data=st.data())
def test_an_instance_reaches_no_other_project_whatever_it_sends(world, frames, stolen, data):
    stolen.clear()
    world.plug("eve").link.from_host(data.draw(spoiled(frames)))
    world.pass_time(0.2)
    assert stolen == []


def test_nor_with_any_frame_that_is_well_formed(world, frames, stolen):
    stolen.clear()
    for frame in frames:
        world.plug("eve").link.from_host(frame)
        world.pass_time(0.05)
    assert stolen == []


@HOSTILE
@given(data=st.data())
def test_nothing_on_the_underlay_breaks_a_chassis(world, frames, data):
    ends = b"\x02" * 12 + b"\x08\x00"
    source, destination = data.draw(st.permutations(NODES))
    payload = data.draw(spoiled([udp(50000, 6081, geneve(1, 0x10002, frame)) for frame in frames]))
    protocol = data.draw(st.sampled_from((17, 17, 17, 47, 6, 0)))
    packet = ends + ipv4(source, destination, protocol, payload)
    other = data.draw(spoiled([ends + ipv4(source, destination, 17, payload)]))
    for frame in (packet, other):
        world.cloud.network.underlay.send(frame)
    world.pass_time(0.1)


@HOSTILE
@given(data=st.data())
def test_nothing_on_the_physical_network_breaks_a_chassis(world, frames, stolen, data):
    stolen.clear()
    world.cloud.outside.host.send(data.draw(spoiled(frames)))
    world.pass_time(0.1)
    assert stolen == []


@pytest.mark.parametrize("length", range(40))
def test_a_cut_tunnel_packet_is_dropped(world, frames, length):
    tunnel = udp(50000, 6081, geneve(1, 0x10002, frames[0]))[:length]
    world.cloud.network.underlay.send(b"\x02" * 12 + b"\x08\x00" + ipv4(*NODES, 17, tunnel))
    world.pass_time(0.1)
