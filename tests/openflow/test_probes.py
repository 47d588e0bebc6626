"""Probes of backends: what is sent, when, and what answers and silence say."""

from __future__ import annotations

from brume.openflow.messages.fields import FIELDS
from brume.openflow.packet_in.dispatch import respond
from brume.openflow.packet_in.messages import PacketIn, PacketOut, ProbeHeard
from brume.openflow.packet_in.opcodes import Opcode
from brume.openflow.packet_in.probes import Found, Probes, Schedule, Wanted
from brume.openflow.packet_in.service_check import Target
from brume.openflow.registers import DATAPATH, INPORT, OUTPORT
from brume.packets import icmp4, tcp
from brume.packets.build import stack
from brume.packets.ethernet import Ethernet
from brume.packets.icmp4 import Icmp4
from brume.packets.ipv4 import Ipv4
from brume.packets.layers import walk
from brume.packets.tcp import Tcp
from brume.packets.udp import Udp
from brume.values import Ipv4Address, MacAddress

BACKEND, MONITOR = MacAddress.parse("fa:16:3e:00:00:01"), MacAddress.parse("0a:00:00:00:00:01")
IP, SOURCE = Ipv4Address.parse("10.0.0.11"), Ipv4Address.parse("10.0.0.250")
WEB = Target(7, 3, BACKEND, IP, "tcp", 80, MONITOR, SOURCE)
NAMES = Target(7, 3, BACKEND, IP, "udp", 53, MONITOR, SOURCE)


class Bench:
    """One backend that is probed; `draw` always draws the least number there is."""

    def __init__(self, target: Target, schedule: Schedule | None = None) -> None:
        self.probes = Probes(lambda least, most: least)
        self.target = target
        self.probes.put("one", Wanted(target, schedule or Schedule()), 0.0)

    def at(self, now: float) -> list[PacketOut | Found]:
        """What happens at a time at which something was due."""
        assert self.probes.next_time() == now
        return list(self.probes.due(now))

    def answer(self, now: float, *layers: Tcp | Udp | Icmp4 | Ipv4 | bytes) -> list[PacketOut | Found]:
        """The backend says something, and the switch brings it here."""
        frame = stack(Ethernet(MONITOR, BACKEND), Ipv4(source=IP, destination=SOURCE), *layers)
        key = FIELDS[INPORT].set(FIELDS[DATAPATH].set(0, 7), 3)
        userdata = int(Opcode.HANDLE_SVC_CHECK).to_bytes(4, "big") + bytes(4)
        heard = respond(PacketIn(frame, key, userdata))
        return [step for one in heard if isinstance(one, ProbeHeard) for step in self.probes.hear(one, now)]


def segment(packet: PacketOut | Found) -> Tcp:
    assert isinstance(packet, PacketOut)
    return next(layer.content for layer in walk(packet.data) if isinstance(layer.content, Tcp))


def test_a_backend_that_takes_up_connections_is_online() -> None:
    bench = Bench(WEB)
    (request,) = bench.at(0.0)
    assert isinstance(request, PacketOut)
    assert (FIELDS[DATAPATH].get(request.key), FIELDS[OUTPORT].get(request.key)) == (7, 3)
    asked = segment(request)
    assert (asked.destination, asked.flags) == (80, tcp.SYN)
    accepted = Tcp(source=80, destination=asked.source, sequence=500, acknowledgment=1, flags=tcp.SYN | tcp.ACK)
    reset, found = bench.answer(0.5, accepted)
    assert (segment(reset).flags, segment(reset).sequence, segment(reset).acknowledgment) == (tcp.RST | tcp.ACK, 1, 501)
    assert found == Found("one", "online")
    assert bench.answer(0.6, accepted) == []
    assert segment(bench.at(5.5)[0]).flags == tcp.SYN


def test_a_backend_that_refuses_or_is_silent_is_offline() -> None:
    bench = Bench(WEB, Schedule(failures=2))
    asked = segment(bench.at(0.0)[0])
    refused = Tcp(source=80, destination=asked.source, acknowledgment=1, flags=tcp.RST | tcp.ACK)
    assert bench.answer(0.1, refused) == []
    assert segment(bench.at(5.1)[0]).flags == tcp.SYN
    assert bench.at(8.1) == [Found("one", "offline")]


def test_answers_to_other_questions_say_nothing() -> None:
    bench = Bench(WEB)
    asked = segment(bench.at(0.0)[0])
    accepted = Tcp(source=80, destination=asked.source, acknowledgment=1, flags=tcp.SYN | tcp.ACK)
    for other in (
        Tcp(source=81, destination=asked.source, acknowledgment=1, flags=tcp.SYN | tcp.ACK),
        Tcp(source=80, destination=asked.source + 1, acknowledgment=1, flags=tcp.SYN | tcp.ACK),
        Tcp(source=80, destination=asked.source, acknowledgment=2, flags=tcp.SYN | tcp.ACK),
        Tcp(source=80, destination=asked.source, acknowledgment=1, flags=tcp.ACK),
    ):
        assert bench.answer(0.1, other) == []
    assert bench.answer(0.1, accepted)[1:] == [Found("one", "online")]


def test_a_silent_udp_backend_is_online_until_it_says_that_nobody_listens() -> None:
    bench = Bench(NAMES)
    (asked,) = bench.at(0.0)
    assert bench.at(3.0) == [Found("one", "online")]
    assert isinstance(bench.at(8.0)[0], PacketOut)
    assert isinstance(asked, PacketOut)
    error = Icmp4(type=icmp4.UNREACHABLE, code=3)
    assert bench.answer(8.1, error, bytes(4) + asked.data[14:]) == [Found("one", "offline")]


def test_another_schedule_goes_on_and_another_place_begins_anew() -> None:
    bench = Bench(WEB)
    bench.at(0.0)
    bench.at(3.0)
    bench.probes.put("one", Wanted(WEB, Schedule(interval=60.0)), 4.0)
    assert bench.probes.next_time() == 8.0
    bench.probes.put("one", Wanted(NAMES, Schedule()), 4.0)
    assert bench.probes.next_time() == 4.0
    bench.probes.put("one", None, 4.0)
    assert bench.probes.next_time() == float("inf")
