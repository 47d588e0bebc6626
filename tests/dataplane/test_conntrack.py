"""Dialogues: packets go by the tracker one after another, and each is judged."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPerror, TCPerror, UDPerror
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import ARP, Ether

from brume.dataplane.conntrack.tracker import Conntrack, Request
from brume.dataplane.extract import extract
from brume.openflow.messages.action_parse import parse_nat
from brume.openflow.messages.field_text import format_value
from brume.openflow.messages.fields import FIELDS, field

A, B, X = "10.0.0.1", "10.0.0.2", "203.0.113.5"


def tcp(source, destination, sport, dport, flags):
    return Ether() / IP(src=source, dst=destination) / TCP(sport=sport, dport=dport, flags=flags)


def udp(source, destination, sport, dport):
    return Ether() / IP(src=source, dst=destination) / UDP(sport=sport, dport=dport) / b"data"


def echo(source, destination, kind=8, identifier=7):
    return Ether() / IP(src=source, dst=destination) / ICMP(type=kind, id=identifier) / b"ping"


class Dialogue:
    """Packets by one tracker; `see` answers with the state as flags, `packet` with what the packet became."""

    def __init__(self):
        self.tracker = Conntrack()
        self.now = 0.0
        self.key = 0
        self.frame = b""

    def see(self, packet, zone=1, key=None, **request):
        frame = bytes(packet)
        nat = request.pop("nat", None)
        if nat is not None:
            request["nat"] = parse_nat(nat)
        key = extract(frame) if key is None else key
        self.key, self.frame = self.tracker.track(key, frame, Request(zone, **request), self.now)
        return format_value(field("ct_state"), field("ct_state").get(self.key))

    def read(self, name):
        return format_value(FIELDS.get(name) or field(name), field(name).get(self.key))

    @property
    def packet(self):
        again = Ether(self.frame)
        rebuilt = again.copy()
        for layer in rebuilt.layers():
            if "chksum" in rebuilt[layer].fields and not layer.__name__.endswith("error"):
                rebuilt[layer].delfieldval("chksum")
        assert bytes(rebuilt) == self.frame  # every checksum is right
        return again


@pytest.fixture
def dialogue():
    return Dialogue()


def test_tcp_from_handshake_to_close(dialogue):
    see = dialogue.see
    assert see(tcp(A, B, 1000, 80, "S")) == "new|trk"  # looked at, not committed
    assert see(tcp(A, B, 1000, 80, "S"), commit=True) == "new|trk"
    assert see(tcp(A, B, 1000, 80, "S")) == "new|trk"  # no answer yet
    assert see(tcp(B, A, 80, 1000, "SA")) == "est|rpl|trk"
    assert see(tcp(A, B, 1000, 80, "A")) == "est|trk"
    dialogue.now = 10_000
    assert see(tcp(A, B, 1000, 80, "PA")) == "est|trk"  # a day it lasts
    assert see(tcp(A, B, 1000, 80, "FA")) == "est|trk"
    assert see(tcp(B, A, 80, 1000, "FA")) == "est|rpl|trk"
    assert see(tcp(A, B, 1000, 80, "A")) == "est|trk"
    assert see(tcp(A, B, 1000, 80, "S")) == "new|trk"  # the same ports again: a new one
    dialogue.now += 31
    assert see(tcp(B, A, 80, 1000, "A")) == "new|trk"


def test_what_tcp_never_says_is_invalid(dialogue):
    assert dialogue.see(tcp(A, B, 1000, 80, "SF")) == "inv|trk"
    assert dialogue.see(tcp(A, B, 1000, 80, "SA")) == "inv|trk"  # nobody asked
    assert dialogue.see(tcp(A, B, 1000, 80, "")) == "inv|trk"
    assert dialogue.see(tcp(A, B, 1000, 80, "A")) == "new|trk"  # the middle of one may begin


def test_a_reset_ends_it_soon(dialogue):
    dialogue.see(tcp(A, B, 1000, 80, "S"), commit=True)
    dialogue.see(tcp(B, A, 80, 1000, "RA"))
    dialogue.now = 31
    assert dialogue.see(tcp(B, A, 80, 1000, "A")) == "new|trk"


def test_udp_is_established_when_answered(dialogue):
    see = dialogue.see
    see(udp(A, B, 5, 53), commit=True)
    assert see(udp(A, B, 5, 53)) == "new|trk"
    assert see(udp(B, A, 53, 5)) == "est|rpl|trk"
    assert see(udp(A, B, 5, 53)) == "est|trk"
    dialogue.now = 29
    assert see(udp(A, B, 5, 53)) == "est|trk"
    dialogue.now = 60
    assert see(udp(A, B, 5, 53)) == "new|trk"


def test_ping_four_and_six(dialogue):
    see = dialogue.see
    see(echo(A, B), commit=True)
    assert see(echo(B, A, 0)) == "est|rpl|trk"
    assert see(echo(B, A, 0, identifier=8)) == "inv|trk"  # an answer to nothing
    six = Ether() / IPv6(src="fd00::1", dst="fd00::2")
    see(six / ICMPv6EchoRequest(id=3), commit=True)
    back = Ether() / IPv6(src="fd00::2", dst="fd00::1") / ICMPv6EchoReply(id=3)
    assert see(back) == "est|rpl|trk"
    assert dialogue.read("ct_ipv6_src") == "fd00::1"


def test_zones_know_nothing_of_each_other(dialogue):
    dialogue.see(udp(A, B, 5, 53), commit=True, zone=1)
    assert dialogue.see(udp(B, A, 53, 5), zone=2) == "new|trk"
    assert dialogue.read("ct_zone") == "0x2"
    assert dialogue.see(udp(B, A, 53, 5), zone=1) == "est|rpl|trk"


def test_marks_labels_and_the_original_tuple(dialogue):
    dialogue.see(udp(A, B, 5, 53), commit=True, mark=(3, 3), label=(1 << 100, 1 << 100))
    dialogue.see(udp(B, A, 53, 5))
    assert (dialogue.read("ct_mark"), field("ct_label").get(dialogue.key)) == ("0x3", 1 << 100)
    assert (dialogue.read("ct_nw_src"), dialogue.read("ct_tp_dst"), dialogue.read("ct_nw_proto")) == (A, "53", "17")
    dialogue.see(udp(B, A, 53, 5), commit=True, mark=(0, 1))
    assert dialogue.read("ct_mark") == "0x2"


def test_what_is_not_ip_is_invalid(dialogue):
    assert dialogue.see(Ether() / ARP()) == "inv|trk"


def test_source_nat_and_back(dialogue):
    see = dialogue.see
    assert see(tcp(A, X, 1000, 80, "S"), commit=True, nat="src=192.0.2.1") == "new|trk|snat"
    assert (dialogue.packet[IP].src, dialogue.packet[TCP].sport) == ("192.0.2.1", 1000)
    assert dialogue.read("ct_nw_src") == A
    assert see(tcp(X, "192.0.2.1", 80, 1000, "SA"), nat="") == "est|rpl|trk|dnat"
    assert (dialogue.packet[IP].dst, dialogue.packet[TCP].dport) == (A, 1000)
    assert see(tcp(A, X, 1000, 80, "A"), nat="") == "est|trk|snat"
    assert dialogue.packet[IP].src == "192.0.2.1"
    assert see(tcp(A, X, 1000, 80, "A")) == "est|trk"  # nobody asked for translation
    assert dialogue.packet[IP].src == A


def test_two_hosts_with_one_port_get_two(dialogue):
    dialogue.see(udp(A, X, 4000, 53), commit=True, nat="src=192.0.2.1")
    dialogue.see(udp(B, X, 4000, 53), commit=True, nat="src=192.0.2.1")
    assert (dialogue.packet[IP].src, dialogue.packet[UDP].sport) == ("192.0.2.1", 4001)
    dialogue.see(udp(X, "192.0.2.1", 53, 4001), nat="")
    assert (dialogue.packet[IP].dst, dialogue.packet[UDP].dport) == (B, 4000)


def test_a_port_range_that_is_used_up_commits_nothing(dialogue):
    for host in range(2):
        dialogue.see(udp(f"10.0.0.{host}", X, 9, 53), commit=True, nat="src=192.0.2.1:5000-5001")
    assert {c.reply.destination_port for c in dialogue.tracker.connections()} == {5000, 5001}
    assert dialogue.see(udp("10.0.0.9", X, 9, 53), commit=True, nat="src=192.0.2.1:5000-5001") == "new|trk"
    assert len(dialogue.tracker) == 2


def test_destination_nat_with_port(dialogue):
    see = dialogue.see
    assert see(tcp(X, "192.0.2.9", 5, 80, "S"), commit=True, nat="dst=10.0.0.1:8080") == "new|trk|dnat"
    assert (dialogue.packet[IP].dst, dialogue.packet[TCP].dport) == (A, 8080)
    assert see(tcp(A, X, 8080, 5, "SA"), nat="") == "est|rpl|trk|snat"
    assert (dialogue.packet[IP].src, dialogue.packet[TCP].sport) == ("192.0.2.9", 80)


def test_an_all_zero_source_nat_changes_nothing_unless_it_must(dialogue):
    assert dialogue.see(udp(A, B, 5, 53), commit=True, nat="src") == "new|trk|snat"
    assert dialogue.packet[UDP].sport == 5
    assert dialogue.see(udp(B, A, 53, 5), nat="") == "est|rpl|trk|dnat"


def test_a_ping_is_translated_too(dialogue):
    dialogue.see(echo(A, X), commit=True, nat="src=192.0.2.1")
    assert dialogue.packet[IP].src == "192.0.2.1"
    dialogue.see(echo(X, "192.0.2.1", 0), nat="")
    assert dialogue.packet[IP].dst == A


def test_an_icmp_error_is_related_and_the_packet_in_it_is_translated_back(dialogue):
    dialogue.see(udp(A, X, 4000, 53), commit=True, nat="src=192.0.2.1:6000")
    sent = dialogue.packet[IP]
    error = Ether() / IP(src="198.51.100.7", dst="192.0.2.1") / ICMP(type=3, code=1) / bytes(sent)[:28]
    assert dialogue.see(error, nat="") == "rel|rpl|trk|dnat"
    packet = dialogue.packet
    assert (packet[IP].src, packet[IP].dst) == ("198.51.100.7", A)
    assert (packet[IPerror].src, packet[IPerror].dst, packet[UDPerror].sport) == (A, X, 4000)
    # the error's own packet is what A once sent, to the octet
    assert bytes(packet[ICMP].payload)[12:28] == bytes(udp(A, X, 4000, 53)[IP])[12:28]


def test_a_tcp_packet_in_an_error(dialogue):
    dialogue.see(tcp(A, X, 4000, 80, "S"), commit=True, nat="src=192.0.2.1")
    error = Ether() / IP(src=X, dst="192.0.2.1") / ICMP(type=11, code=0) / bytes(dialogue.packet[IP])[:28]
    assert dialogue.see(error, nat="") == "rel|rpl|trk|dnat"
    assert (dialogue.packet[IPerror].src, dialogue.packet[TCPerror].sport) == (A, 4000)


def test_an_error_about_nothing_known_is_invalid(dialogue):
    inner = bytes(udp(A, X, 4000, 53)[IP])
    assert dialogue.see(Ether() / IP(src=X, dst=A) / ICMP(type=3, code=3) / inner) == "inv|trk"
    # nor may it tell somebody who did not send the packet
    assert dialogue.see(Ether() / IP(src=X, dst=B) / ICMP(type=3, code=3) / inner) == "inv|trk"


def test_force_turns_a_connection_around(dialogue):
    dialogue.see(udp(A, B, 5, 53), commit=True)
    assert dialogue.see(udp(B, A, 53, 5), commit=True, force=True) == "new|trk"
    assert dialogue.see(udp(A, B, 5, 53)) == "est|rpl|trk"


def test_zone_limits_and_flush(dialogue):
    dialogue.tracker.limits[1] = 2
    for port in range(3):
        dialogue.see(udp(A, B, 5, port), commit=True)
    assert (dialogue.tracker.count(1), len(dialogue.tracker)) == (2, 2)
    dialogue.see(udp(A, B, 5, 9), commit=True, zone=2)
    assert dialogue.tracker.flush(1) == 2
    assert [c.forward.zone for c in dialogue.tracker.connections()] == [2]
    dialogue.now = 1000
    assert dialogue.tracker.sweep(1000) == 1


def test_fragments_go_with_their_first(dialogue):
    def fragment(offset, more, data):
        return Ether() / IP(src=A, dst=X, id=9, frag=offset, flags="MF" if more else 0, proto=17) / data

    whole = bytes(UDP(sport=4000, dport=53, len=40) / bytes(32))
    dialogue.see(fragment(0, True, whole[:16]), commit=True, nat="src=192.0.2.1")
    assert dialogue.see(fragment(2, False, whole[16:]), nat="") == "new|trk|snat"
    assert Ether(dialogue.frame)[IP].src == "192.0.2.1"
    assert dialogue.frame[34:] == whole[16:]


def test_after_translation_the_same_zone_still_knows_the_connection(dialogue):
    dialogue.see(tcp(A, X, 1000, 80, "S"), commit=True, nat="src=192.0.2.1")
    dialogue.see(tcp(X, "192.0.2.1", 80, 1000, "SA"), nat="")
    dialogue.see(tcp(A, X, 1000, 80, "A"), nat="")
    assert dialogue.see(Ether(dialogue.frame), key=dialogue.key) == "est|trk|snat"


def test_a_trace_leaves_no_mark(dialogue):
    dialogue.see(udp(A, B, 5, 53), commit=True, mark=(1, 1))
    (known,) = dialogue.tracker.connections()
    before = (known.expires, known.life.name, known.mark)
    over = Conntrack(dialogue.tracker)
    frame = bytes(udp(B, A, 53, 5))
    key, _ = over.track(extract(frame), frame, Request(1, commit=True, mark=(2, 2)), 5)
    assert format_value(field("ct_state"), field("ct_state").get(key)) == "est|rpl|trk"
    assert field("ct_mark").get(key) == 3
    other = bytes(udp(A, B, 6, 53))
    over.track(extract(other), other, Request(1, commit=True), 5)
    assert over.count(1) == 2
    assert (known.expires, known.life.name, known.mark) == before
    assert len(dialogue.tracker) == 1
