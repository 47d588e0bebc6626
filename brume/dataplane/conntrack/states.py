"""The life of a connection, protocol by protocol: a packet comes, the state moves, the time to live is set.

Source: Open vSwitch 3.1 lib/conntrack-tcp.c (without its window checks), conntrack-icmp.c, conntrack-other.c, and the
timeouts of conntrack-tp.c.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Final, Protocol

FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20


class Verdict(Enum):
    """What a packet is to a known connection."""

    ESTABLISHED = "established"
    STILL_NEW = "still new"  # no answer yet
    INVALID = "invalid"
    STARTS_AGAIN = "starts again"  # a new connection with an old one's ports


class Life(Protocol):
    """A connection's protocol state; `lasts` is how many seconds without a packet it lives."""

    lasts: int

    def packet(self, flags: int, reply: bool) -> Verdict: ...

    @property
    def name(self) -> str: ...

    def copy(self) -> Life: ...


class Peer(IntEnum):
    """One end of a TCP connection; the order of the values is used."""

    CLOSED = 0
    LISTEN = 1
    SYN_SENT = 2
    SYN_RECV = 3
    ESTABLISHED = 4
    CLOSE_WAIT = 5
    FIN_WAIT_1 = 6
    CLOSING = 7
    LAST_ACK = 8
    FIN_WAIT_2 = 9
    TIME_WAIT = 10


_OPENING: Final = 30
_ESTABLISHED: Final = 24 * 3600
_CLOSING: Final = 15 * 60
_FIN_WAIT: Final = 45
_CLOSED: Final = 30


def bad_tcp_flags(flags: int) -> bool:
    """Combinations no honest TCP sends."""
    if flags & SYN:
        if flags & (RST | FIN):
            return True
    elif not flags & (ACK | RST):
        return True
    return not flags & ACK and bool(flags & (FIN | PSH | URG))


def may_begin(protocol: int, flags: int, icmp_type: int) -> bool:
    """May this packet be the first of a connection? A SYN+ACK may not, the middle of a TCP connection may; an ICMP
    query may, an answer may not."""
    if protocol == 6:
        return not (bad_tcp_flags(flags) or flags & (SYN | ACK) == SYN | ACK)
    if protocol == 1:
        return icmp_type in (8, 13, 15)
    return protocol != 58 or icmp_type == 128


class Tcp:
    """Both ends of a TCP connection."""

    __slots__ = ("lasts", "peers")

    def __init__(self) -> None:
        self.peers = [Peer.SYN_SENT, Peer.CLOSED]
        self.lasts = _OPENING

    @property
    def name(self) -> str:
        return max(self.peers).name if Peer.CLOSED not in self.peers else Peer.SYN_SENT.name

    def copy(self) -> Tcp:
        other = Tcp()
        other.peers, other.lasts = list(self.peers), self.lasts
        return other

    def packet(self, flags: int, reply: bool) -> Verdict:
        if bad_tcp_flags(flags):
            return Verdict.INVALID
        peers = self.peers
        sender, receiver = (1, 0) if reply else (0, 1)
        if flags & (SYN | ACK) == SYN:
            if min(peers) >= Peer.FIN_WAIT_2:
                self.peers = [Peer.CLOSED, Peer.CLOSED]
                return Verdict.STARTS_AGAIN
            if peers[sender] <= Peer.SYN_SENT:
                peers[sender] = Peer.SYN_SENT
                self.lasts = _OPENING
                return Verdict.STILL_NEW
        if peers[sender] < Peer.SYN_SENT:
            peers[sender] = Peer.SYN_SENT
        if flags & FIN and peers[sender] < Peer.CLOSING:
            peers[sender] = Peer.CLOSING
        if flags & ACK:
            if peers[receiver] == Peer.SYN_SENT:
                peers[receiver] = Peer.ESTABLISHED
            elif peers[receiver] == Peer.CLOSING:
                peers[receiver] = Peer.FIN_WAIT_2
        if flags & RST:
            self.peers = peers = [Peer.TIME_WAIT, Peer.TIME_WAIT]
        self.lasts = _tcp_time(min(peers), max(peers))
        return Verdict.ESTABLISHED


def _tcp_time(least: Peer, most: Peer) -> int:
    if least >= Peer.FIN_WAIT_2:
        return _CLOSED
    if least >= Peer.CLOSING:
        return _FIN_WAIT
    if least < Peer.ESTABLISHED:
        return _OPENING
    return _CLOSING if most >= Peer.CLOSING else _ESTABLISHED


class Datagrams:
    """UDP, SCTP and whatever else has no state of its own here: both have spoken, or one has."""

    __slots__ = ("answered", "lasts", "more")

    def __init__(self) -> None:
        self.answered = False
        self.more = False
        self.lasts = 60

    @property
    def name(self) -> str:
        return "BIDIR" if self.answered else "MULTIPLE" if self.more else "FIRST"

    def copy(self) -> Datagrams:
        other = Datagrams()
        other.answered, other.more, other.lasts = self.answered, self.more, self.lasts
        return other

    def packet(self, flags: int, reply: bool) -> Verdict:
        self.answered |= reply
        self.more = True
        self.lasts = 30 if self.answered else 60
        return Verdict.ESTABLISHED if self.answered else Verdict.STILL_NEW


class Queries:
    """ICMP echo and its like."""

    __slots__ = ("answered", "lasts")

    def __init__(self) -> None:
        self.answered = False
        self.lasts = 60

    @property
    def name(self) -> str:
        return "REPLY" if self.answered else "FIRST"

    def copy(self) -> Queries:
        other = Queries()
        other.answered, other.lasts = self.answered, self.lasts
        return other

    def packet(self, flags: int, reply: bool) -> Verdict:
        self.answered |= reply
        self.lasts = 30 if self.answered else 60
        return Verdict.ESTABLISHED if self.answered else Verdict.STILL_NEW


def begin(protocol: int) -> Life:
    """The state of a connection whose first packet was just seen."""
    if protocol == 6:
        return Tcp()
    return Queries() if protocol in (1, 58) else Datagrams()
