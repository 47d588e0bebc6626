"""Connection: one TCP connection's life (RFC 9293), for small exchanges.

        connect: SYN-SENT ----------> ESTABLISHED -> (our FIN and theirs, in either order) -> gone
        listen:  SYN-RECEIVED ------> ESTABLISHED

Kept: handshake, sequence numbers, retransmission with a doubling timer, the peer's MSS and window, orderly close from
either side, resets. Left out: window scaling, SACK, congestion control, urgent data; segments that come out of order
are dropped and asked for again by the acknowledgment.

Rules: a timer runs only while something of ours is not acknowledged; the owner hears of a connection through events,
which are facts, and after `Failed`, or both sides' close, of nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from brume.packets import tcp
from brume.packets.errors import PacketError
from brume.packets.tcp import TCP_OPTIONS, TcpOption
from brume.simulator.clock import Timer
from brume.simulator.host.connection_events import Closed, Connected, Event, Failed, Received
from brume.simulator.host.errors import Unreachable
from brume.simulator.host.flight import Flight, Segment, distance
from brume.simulator.host.icmp import IcmpError
from brume.values import IpAddress, Ipv4Address

if TYPE_CHECKING:
    from brume.simulator.host.host import Host
    from brume.simulator.host.tcp import Tcp

FIRST_TIMEOUT = 1.0  # RFC 6298 section 2.1
SYN_RETRIES = 6  # net.ipv4.tcp_syn_retries; the last gives up after 127 s
RETRIES = 8
WINDOW = 64240
SMALLEST_MSS = 536
TIME_WAIT = 1.0  # two maximum segment lifetimes of a network of microseconds, generously


OnEvent: TypeAlias = "Callable[[Connection, Event], object]"


class Connection:
    """A connection, open or being opened."""

    __slots__ = (
        "_fin_received",
        "_fin_sent",
        "_flight",
        "_key",
        "_mss",
        "_on_event",
        "_peer_window",
        "_receive_next",
        "_send_next",
        "_tcp",
        "_timer",
        "_tries",
        "_waiting",
        "_wants_close",
        "state",
    )

    def __init__(self, owner: Tcp, key: tuple[IpAddress, int, IpAddress, int], initial: int, on_event: OnEvent) -> None:
        self._tcp = owner
        self._key = key
        self._on_event = on_event
        self.state = "CLOSED"
        self._send_next = initial
        self._receive_next = 0
        self._peer_window = WINDOW
        self._mss = SMALLEST_MSS
        self._flight = Flight()
        self._waiting = b""
        self._wants_close = self._fin_sent = self._fin_received = False
        self._timer: Timer | None = None
        self._tries = 0

    @property
    def host(self) -> Host:
        """Whose connection it is."""
        return self._tcp.host

    @property
    def remote(self) -> tuple[IpAddress, int]:
        """The other side."""
        return self._key[2], self._key[3]

    @property
    def local(self) -> tuple[IpAddress, int]:
        """Our side."""
        return self._key[0], self._key[1]

    @property
    def can_send(self) -> bool:
        """True until we close, or it ends."""
        return not self._wants_close and self.state != "CLOSED"

    def open(self) -> None:
        """Send the SYN."""
        self.state = "SYN-SENT"
        self._push(tcp.SYN, b"")

    def send(self, data: bytes) -> None:
        """Send octets, after the handshake if that is not done."""
        if not self.can_send:
            raise ValueError("the connection is closed for sending")
        self._waiting += data
        self._flush()

    def close(self) -> None:
        """Send no more; what was given to `send` still goes out."""
        if self.state == "SYN-SENT":
            self._end()
        elif self.state != "CLOSED":
            self._wants_close = True
            self._flush()

    def abort(self) -> None:
        """Reset."""
        if self.state not in ("CLOSED", "SYN-SENT"):
            self._emit(self._send_next, tcp.RST | tcp.ACK, b"")
        self._end()

    def abandon(self) -> None:
        """End without telling the peer."""
        self._end()

    def failed(self, error: IcmpError) -> None:
        """An ICMP error came: it ends an attempt to connect (RFC 5461), or tells the path's MTU, and nothing else."""
        if error.is_too_long:
            self._lower_mss(error.mtu)
        elif self.state != "SYN-SENT" or error.is_time_exceeded:
            return
        elif error.is_port_unreachable:
            self._fail("Connection refused")
        else:
            self._fail("Network is unreachable" if error.code == 0 else "No route to host")

    def receive(self, segment: tcp.Tcp, data: bytes) -> None:
        """Take a segment that belongs here."""
        if segment.has(tcp.RST):
            self._receive_reset(segment)
        elif self.state == "CLOSED":
            self._accept(segment)
        elif self.state == "SYN-SENT":
            self._receive_answer(segment)
        elif segment.has(tcp.SYN) and self.state == "SYN-RECEIVED":
            self._retransmit()
        elif segment.has(tcp.ACK):
            self._receive_acknowledgment(segment)
            if self.state in ("ESTABLISHED", "TIME-WAIT"):
                self._receive_data(segment, data)

    def _accept(self, segment: tcp.Tcp) -> None:
        self.state = "SYN-RECEIVED"
        self._learn_options(segment)
        self._receive_next = segment.sequence + 1 & 0xFFFF_FFFF
        self._push(tcp.SYN | tcp.ACK, b"")

    def _receive_answer(self, segment: tcp.Tcp) -> None:
        if segment.flags & (tcp.SYN | tcp.ACK) != tcp.SYN | tcp.ACK or segment.acknowledgment != self._send_next:
            return
        self._learn_options(segment)
        self._receive_next = segment.sequence + 1 & 0xFFFF_FFFF
        self._acknowledged(segment)
        self.state = "ESTABLISHED"
        self._emit(self._send_next, tcp.ACK, b"")
        self._tell(Connected())
        self._flush()

    def _receive_reset(self, segment: tcp.Tcp) -> None:
        if self.state == "SYN-SENT":
            if segment.has(tcp.ACK) and segment.acknowledgment == self._send_next:
                self._fail("Connection refused")
        elif segment.sequence == self._receive_next:
            self._fail("Connection reset by peer")

    def _receive_acknowledgment(self, segment: tcp.Tcp) -> None:
        if distance(segment.acknowledgment, self._send_next) > 0:
            return
        self._acknowledged(segment)
        if self.state == "SYN-RECEIVED" and not self._flight:
            self.state = "ESTABLISHED"
            self._tell(Connected())
        self._flush()

    def _receive_data(self, segment: tcp.Tcp, data: bytes) -> None:
        ahead = distance(segment.sequence, self._receive_next)
        fresh = data[-ahead:] if ahead < 0 else data
        in_order = ahead <= 0 and -ahead <= len(data) and not self._fin_received
        if in_order:
            self._receive_next = self._receive_next + len(fresh) & 0xFFFF_FFFF
            if segment.has(tcp.FIN):
                self._receive_next = self._receive_next + 1 & 0xFFFF_FFFF
                self._fin_received = True
        if data or segment.has(tcp.FIN):
            self._emit(self._send_next, tcp.ACK, b"")
        if in_order and fresh:
            self._tell(Received(fresh))
        if in_order and segment.has(tcp.FIN):
            self._tell(Closed())
        self._end_if_done()

    def _learn_options(self, segment: tcp.Tcp) -> None:
        self._peer_window = segment.window
        try:
            options = TCP_OPTIONS.parse(segment.options)
        except PacketError:
            options = ()
        asked = [int.from_bytes(o.data, "big") for o in options if o.kind == tcp.MAXIMUM_SEGMENT_SIZE]
        self._mss = max(64, min([*asked, self._own_mss()]) if asked else SMALLEST_MSS)

    def _own_mss(self) -> int:
        return self.host.internet.mtu_to(self._key[2]) - (40 if isinstance(self._key[0], Ipv4Address) else 60)

    def _lower_mss(self, mtu: int) -> None:
        """Cut what is not acknowledged to the path's MTU (RFC 1191), and send it again."""
        self._mss = max(64, min(self._mss, mtu - 40))
        self._flight.cut(self._mss)
        for segment in self._flight.segments:
            self._emit(segment.sequence, segment.flags, segment.data)

    def _acknowledged(self, segment: tcp.Tcp) -> None:
        self._peer_window = segment.window
        if self._flight.acknowledge(segment.acknowledgment):
            self._tries = 0
            self._rearm()

    def _flush(self) -> None:
        """Send what may be sent: data within the window, then the FIN."""
        if self.state != "ESTABLISHED":
            return
        while self._waiting and self._flight.octets < max(1, self._peer_window):
            piece, self._waiting = self._waiting[: self._mss], self._waiting[self._mss :]
            self._push(tcp.PSH | tcp.ACK, piece)
        if self._wants_close and not self._waiting and not self._fin_sent:
            self._fin_sent = True
            self._push(tcp.FIN | tcp.ACK, b"")

    def _push(self, flags: int, data: bytes) -> None:
        """Send something that must be acknowledged."""
        segment = Segment(self._send_next, flags, data)
        self._flight.segments.append(segment)
        self._send_next = segment.end
        self._emit(segment.sequence, flags, data)
        if self._timer is None:
            self._rearm()

    def _emit(self, sequence: int, flags: int, data: bytes) -> None:
        local, local_port, remote, remote_port = self._key
        options = b""
        if flags & tcp.SYN:
            options = TCP_OPTIONS.pack([TcpOption(tcp.MAXIMUM_SEGMENT_SIZE, self._own_mss().to_bytes(2, "big"))])
        header = tcp.Tcp(
            source=local_port,
            destination=remote_port,
            sequence=sequence,
            acknowledgment=self._receive_next if flags & tcp.ACK else 0,
            flags=flags,
            window=WINDOW,
            options=options,
        )
        try:
            self.host.internet.send(remote, header, data, source=local, dont_fragment=True)
        except Unreachable as error:
            if self.state == "SYN-SENT" and not self._tries:
                raise
            self.host.drops[f"TCP segment: {error}"] += 1

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._flight:
            delay = FIRST_TIMEOUT * (1 << self._tries)
            self._timer = self.host.scheduler.call_later(delay, self._timed_out)

    def _timed_out(self) -> None:
        self._timer = None
        self._tries += 1
        if self._tries > (SYN_RETRIES if self.state == "SYN-SENT" else RETRIES):
            self._fail("Connection timed out")
            return
        self._retransmit()
        self._rearm()

    def _retransmit(self) -> None:
        if self._flight:
            oldest = self._flight.segments[0]
            self._emit(oldest.sequence, oldest.flags, oldest.data)

    def _fail(self, reason: str) -> None:
        self._end()
        self._tell(Failed(reason))

    def _end_if_done(self) -> None:
        if self._fin_received and self._fin_sent and not self._flight and self.state == "ESTABLISHED":
            self.state = "TIME-WAIT"
            self._timer = self.host.scheduler.call_later(TIME_WAIT, self._end)

    def _end(self) -> None:
        self.state = "CLOSED"
        self._flight = Flight()
        self._rearm()
        self._tcp.forget(self._key)

    def _tell(self, event: Event) -> None:
        self._on_event(self, event)
