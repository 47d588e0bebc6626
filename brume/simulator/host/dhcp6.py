"""Dhcp6Client: gets an address by DHCPv6 (RFC 8415) and keeps it; or asks only for what else there is to know.

    INIT -start-> SOLICITING -advertise-> REQUESTING -reply-> BOUND -T1-> RENEWING -T2-> REBINDING -expiry-> SOLICITING
    INIT -inform-> INFORMING -reply-> INFORMED

Who starts it: a router advertisement with the flag M (start) or O alone (inform), as Linux does; or `dhclient -6`.

Rules: a question is repeated at doubling intervals up to what section 7.6 says, without the random tenth; an
advertisement without an address is not taken; an address has a length of 128, the way to its network comes from the
router.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from brume.packets import dhcp6
from brume.packets.dhcp6 import Dhcp6, Dhcp6Message, Dhcp6Option, IaAddress, IaNa
from brume.packets.errors import PacketError
from brume.packets.udp import DHCP6_CLIENT, DHCP6_SERVER
from brume.simulator.clock import Timer
from brume.simulator.host.dhcp import DhcpEvent
from brume.simulator.host.errors import Unreachable
from brume.simulator.host.udp import Socket
from brume.values import InterfaceAddress, IpAddress, Ipv6Address

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

ASKS: Final = {
    "SOLICITING": dhcp6.SOLICIT,
    "REQUESTING": dhcp6.REQUEST,
    "RENEWING": dhcp6.RENEW,
    "REBINDING": dhcp6.REBIND,
    "INFORMING": dhcp6.INFORMATION_REQUEST,
}
"""The message of each state that waits for an answer."""
INTERVALS: Final = {
    "SOLICITING": (1.0, 3600.0),
    "REQUESTING": (1.0, 30.0),
    "RENEWING": (10.0, 600.0),
    "REBINDING": (10.0, 600.0),
    "INFORMING": (1.0, 3600.0),
}
"""The first wait for an answer, and the longest (section 7.6)."""
REQUESTS: Final = 10
"""After so many in vain, everything begins anew (REQ_MAX_RC)."""
WANTED: Final = bytes((0, dhcp6.DNS_SERVERS, 0, dhcp6.DOMAIN_SEARCH))


class Lease6(msgspec.Struct, frozen=True):
    """What the server gave; seconds are None for ever."""

    address: Ipv6Address
    server: bytes  # its DUID
    seconds: float | None
    renew: float | None
    rebind: float | None


class Dhcp6Client:
    """The client of one host. `on_event` hears what happens; `lease` is what it has."""

    __slots__ = (
        "_attempts", "_began", "_deadline", "_offer", "_socket", "_timer", "_transaction", "host", "lease", "on_event",
        "state",
    )  # fmt: skip

    def __init__(self, host: Host) -> None:
        self.host = host
        self.state = "INIT"
        self.lease: Lease6 | None = None
        self.on_event: Callable[[DhcpEvent], object] | None = None
        self._transaction = host.mac.value & 0xFF_FFFF
        self._attempts = 0
        self._began = 0.0
        self._deadline: float | None = None
        self._offer: Lease6 | None = None
        self._socket: Socket | None = None
        self._timer: Timer | None = None

    def start(self) -> None:
        """Ask for an address, from nothing."""
        self._drop_lease()
        self._enter("SOLICITING")

    def inform(self) -> None:
        """Ask for everything but an address."""
        self._enter("INFORMING")

    def stop(self) -> None:
        """Give the address back and be silent."""
        if self.lease is not None:
            self._begin()
            self._send(dhcp6.RELEASE)
        self.abandon()

    def abandon(self) -> None:
        """Lose power: forget the address without telling the server."""
        self._drop_lease()
        self._rearm(None)
        self._close()
        self.state = "INIT"

    # asking

    def _enter(self, state: str, deadline: float | None = None) -> None:
        self.state = state
        self._deadline = deadline
        self._begin()
        if self._socket is None and DHCP6_CLIENT in self.host.udp.sockets:
            self._tell(f"Can't bind to dhcp address: port {DHCP6_CLIENT} is in use")
            self.state = "INIT"
            return
        self._socket = self._socket or self.host.udp.open(self._receive, port=DHCP6_CLIENT)
        self._ask()

    def _begin(self) -> None:
        """A new exchange: its transaction, and how long it goes on."""
        self._attempts = 0
        self._began = self.host.scheduler.now()
        self._transaction = self._transaction * 1664525 + 1013904223 & 0xFF_FFFF

    def _ask(self) -> None:
        """Send what the state asks for, and again later; or go on when the state's time is over."""
        now = self.host.scheduler.now()
        if self.state == "REQUESTING" and self._attempts == REQUESTS:
            self._enter("SOLICITING")
            return
        if self._deadline is not None and now >= self._deadline:
            self._out_of_time()
            return
        first, longest = INTERVALS[self.state]
        interval = min(first * (1 << min(self._attempts, 12)), longest)
        if self._deadline is not None:
            interval = min(interval, self._deadline - now)
        self._attempts += 1
        self._rearm(interval)
        kind = ASKS[self.state]
        self._tell(f"XMT: {dhcp6.MESSAGE_NAMES[kind]} on eth0, interval {interval * 1000:.0f}ms.")
        self._send(kind)

    def _out_of_time(self) -> None:
        """Nobody renewed the address in time."""
        lease = self.lease
        if self.state == "RENEWING" and lease is not None:
            left = None if lease.seconds is None or lease.rebind is None else lease.seconds - lease.rebind
            self._enter("REBINDING", None if left is None else self.host.scheduler.now() + left)
        else:
            self.start()

    def _send(self, kind: int) -> None:
        elapsed = min(int((self.host.scheduler.now() - self._began) * 100), 0xFFFF)
        options = [Dhcp6Option(dhcp6.CLIENT_ID, dhcp6.duid(self.host.mac))]
        chosen = self.lease or self._offer
        if chosen is not None and kind in (dhcp6.REQUEST, dhcp6.RENEW, dhcp6.RELEASE):
            options.append(Dhcp6Option(dhcp6.SERVER_ID, chosen.server))
        if kind != dhcp6.INFORMATION_REQUEST:
            known = () if chosen is None or kind == dhcp6.SOLICIT else (IaAddress(chosen.address),)
            options.append(dhcp6.association(self._identity, *known))
        if kind != dhcp6.RELEASE:
            options.append(Dhcp6Option(dhcp6.OPTION_REQUEST, WANTED))
        options.append(Dhcp6Option(dhcp6.ELAPSED_TIME, elapsed.to_bytes(2, "big")))
        message = Dhcp6Message(Dhcp6(kind, self._transaction), tuple(options))
        try:
            if self._socket is not None:
                self._socket.send(dhcp6.ALL_SERVERS, DHCP6_SERVER, message.pack(), ttl=1)
        except Unreachable as error:
            self._tell(f"send_packet6: {error}")

    @property
    def _identity(self) -> int:
        """IAID: the low octets of the MAC, as dhclient has it."""
        return self.host.mac.value & 0xFFFF_FFFF

    # being answered

    def _receive(self, socket: Socket, source: IpAddress, port: int, payload: bytes) -> None:
        message = Dhcp6Message.parse(payload)
        header, server = message.header, message.get(dhcp6.SERVER_ID)
        if header.transaction != self._transaction or server is None:
            return
        if message.get(dhcp6.CLIENT_ID) != dhcp6.duid(self.host.mac):
            return
        lease = self._read_lease(message, server)
        if header.type == dhcp6.ADVERTISE and self.state == "SOLICITING":
            self._hear(header, source)
            if lease is not None:
                self._offer = lease
                self._enter("REQUESTING")
        elif header.type == dhcp6.REPLY and self.state == "INFORMING":
            self.state = "INFORMED"
            self._learn(message)
            self._hear(header, source)
        elif header.type == dhcp6.REPLY and self.state in ("REQUESTING", "RENEWING", "REBINDING"):
            self._hear(header, source)
            if lease is None:
                self.start()
            else:
                self._learn(message)
                self._bind(lease)

    def _hear(self, header: Dhcp6, source: IpAddress) -> None:
        self._tell(f"RCV: {dhcp6.MESSAGE_NAMES[header.type]} message on eth0 from {source}.")

    def _read_lease(self, message: Dhcp6Message, server: bytes) -> Lease6 | None:
        """The first address for us; None if there is none that may be used."""
        for head, addresses in message.associations():
            for one in addresses if head.identity == self._identity else ():
                if one.valid_lifetime == 0:
                    continue
                renew, rebind = _times(head, one)
                return Lease6(one.address, server, _seconds(one.valid_lifetime), _seconds(renew), _seconds(rebind))
        return None

    def _learn(self, message: Dhcp6Message) -> None:
        self._close()
        self._rearm(None)
        self.host.learn_name_servers("dhcp6", message.name_servers())

    def _bind(self, lease: Lease6) -> None:
        if self.lease is not None and self.lease.address != lease.address:
            self._drop_lease()
        self.lease, self._offer, self.state = lease, None, "BOUND"
        self.host.add_address(InterfaceAddress(lease.address, 128), via="dhcp")
        if lease.renew is not None:
            self._rearm(lease.renew, self._renew)
        self._tell(f"PRC: Bound to lease {lease.server.hex(':')}.")

    def _renew(self) -> None:
        lease = self.lease
        if lease is not None and lease.renew is not None:
            left = None if lease.rebind is None else lease.rebind - lease.renew
            self._enter("RENEWING", None if left is None else self.host.scheduler.now() + left)

    def _drop_lease(self) -> None:
        if self.lease is not None:
            self.host.remove_address(InterfaceAddress(self.lease.address, 128))
            self.lease = None

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _rearm(self, delay: float | None, action: Callable[[], object] | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if delay is not None:
            self._timer = self.host.scheduler.call_later(delay, action or self._ask)

    def _tell(self, text: str) -> None:
        if self.on_event is not None:
            self.on_event(DhcpEvent(text))


def _times(head: IaNa, address: IaAddress) -> tuple[int, int]:
    """T1 and T2; where the server leaves them to us, a half and four fifths of the lifetime (section 14.2)."""
    whole = address.preferred_lifetime
    half, most = (whole, whole) if whole == dhcp6.FOREVER else (whole // 2, whole * 4 // 5)
    renew, rebind = head.renew or half, head.rebind or most
    if renew > rebind:
        raise PacketError("DHCPv6 T1 is later than T2", 0)
    return renew, rebind


def _seconds(value: int) -> float | None:
    return None if value == dhcp6.FOREVER else float(value)
