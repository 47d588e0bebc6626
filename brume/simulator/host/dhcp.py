"""DhcpClient: gets an address by DHCPv4 (RFC 2131) and keeps the lease.

    INIT -start-> SELECTING -offer-> REQUESTING -ack-> BOUND -T1-> RENEWING -T2-> REBINDING -expiry-> INIT
                      ^                  |nak                        |ack -> BOUND
                      +------------------+

Rules: a question is repeated after 4, 8, 16, 32, 64, 64 ... seconds (section 4.1, without its random second); with
classless static routes (option 121) the router option is ignored (RFC 3442); an MTU below 68 is ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from brume.packets import dhcp, udp
from brume.packets.dhcp import Dhcp, DhcpMessage
from brume.packets.dhcp_options import OptionValue
from brume.packets.ipv4 import MINIMUM_MTU
from brume.simulator.clock import Timer
from brume.simulator.host.errors import Unreachable
from brume.values import InterfaceAddress, Ipv4Address, Prefix

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

FIRST_INTERVAL = 4.0
LONGEST_INTERVAL = 64.0
DEFAULT_LEASE = 86400
FOREVER = 0xFFFF_FFFF
WANTED = bytes((1, 3, 6, 12, 15, 26, 28, 42, 51, 54, 58, 59, 121))


class Lease(msgspec.Struct, frozen=True):
    """What the server gave."""

    address: InterfaceAddress
    server: Ipv4Address
    seconds: int
    renew: float
    rebind: float
    mtu: int | None = None
    name_servers: tuple[Ipv4Address, ...] = ()
    routes: tuple[tuple[Prefix, Ipv4Address], ...] = ()
    routers: tuple[Ipv4Address, ...] = ()


class DhcpEvent(msgspec.Struct, frozen=True):
    """Something the client did or heard, in dhclient's words."""

    text: str


class DhcpClient:
    """The client of one host. `on_event` hears what happens; `lease` is what it has."""

    __slots__ = ("_attempts", "_deadline", "_offer", "_timer", "_transaction", "host", "lease", "on_event", "state")

    def __init__(self, host: Host) -> None:
        self.host = host
        self.state = "INIT"
        self.lease: Lease | None = None
        self.on_event: Callable[[DhcpEvent], object] | None = None
        self._transaction = host.mac.value & 0xFFFF_FFFF
        self._attempts = 0
        self._deadline = 0.0
        self._timer: Timer | None = None
        self._offer: tuple[Ipv4Address, Ipv4Address] | None = None

    @property
    def listening(self) -> bool:
        """True while answers are wanted."""
        return self.state not in ("INIT", "BOUND")

    def start(self) -> None:
        """Begin from nothing."""
        self._drop_lease()
        self._select()

    def stop(self) -> None:
        """Give the lease back and be silent."""
        if self.lease is not None:
            self._send(dhcp.RELEASE, self.lease.server, server_id=self.lease.server)
        self.abandon()

    def abandon(self) -> None:
        """Lose power: forget the lease without telling the server."""
        self._drop_lease()
        self._rearm(None)
        self.state = "INIT"

    def receive(self, payload: bytes) -> None:
        """Take a UDP payload that came to port 68."""
        message = DhcpMessage.parse(payload)
        header = message.header
        if header.operation != dhcp.BOOT_REPLY or header.transaction != self._transaction:
            return
        if header.client_mac != self.host.mac:
            return
        server = message.address("server_id")
        if server is None:
            return
        if message.type == dhcp.OFFER and self.state == "SELECTING":
            self._tell(f"DHCPOFFER of {header.your_ip} from {server}")
            self._offer = (header.your_ip, server)
            self._enter("REQUESTING")
        elif message.type == dhcp.ACK and self.state in ("REQUESTING", "RENEWING", "REBINDING"):
            self._tell(f"DHCPACK of {header.your_ip} from {server}")
            self._bind(read_lease(message, server))
        elif message.type == dhcp.NAK and self.state in ("REQUESTING", "RENEWING", "REBINDING"):
            self._tell(f"DHCPNAK from {server}")
            self.start()

    def _select(self) -> None:
        self._transaction = self._transaction * 1664525 + 1013904223 & 0xFFFF_FFFF
        self._enter("SELECTING")

    def _enter(self, state: str) -> None:
        self.state = state
        self._attempts = 0
        self._ask()

    def _ask(self) -> None:
        """Send what the state asks for, and again later; or go on when the state's time is over."""
        if self.state == "REQUESTING" and self._attempts == 4:
            self._select()
            return
        if self.state == "RENEWING" and self.host.scheduler.now() >= self._deadline:
            self._rebind()
            return
        if self.state == "REBINDING" and self.host.scheduler.now() >= self._deadline:
            self.start()
            return
        interval = self._interval()
        self._attempts += 1
        self._rearm(interval)
        match self.state:
            case "SELECTING":
                self._tell(f"DHCPDISCOVER on eth0 to 255.255.255.255 port 67 interval {interval:.0f}")
                self._send(dhcp.DISCOVER, Ipv4Address.BROADCAST)
            case "REQUESTING" if self._offer is not None:
                address, server = self._offer
                self._tell(f"DHCPREQUEST for {address} on eth0 to 255.255.255.255 port 67")
                self._send(dhcp.REQUEST, Ipv4Address.BROADCAST, requested_ip=address, server_id=server)
            case "RENEWING" | "REBINDING" if self.lease is not None:
                to = self.lease.server if self.state == "RENEWING" else Ipv4Address.BROADCAST
                self._tell(f"DHCPREQUEST for {self.lease.address.address} on eth0 to {to} port 67")
                self._send(dhcp.REQUEST, to)

    def _interval(self) -> float:
        """Until the next try: doubling, or (renewing and rebinding) half of what remains, but a minute at least."""
        if self.state in ("RENEWING", "REBINDING"):
            remaining = self._deadline - self.host.scheduler.now()
            return min(max(60.0, remaining / 2), remaining)
        return min(FIRST_INTERVAL * (1 << min(self._attempts, 8)), LONGEST_INTERVAL)

    def _send(self, kind: int, to: Ipv4Address, **options: OptionValue) -> None:
        lease = self.lease.address.address if self.lease is not None else None
        mine = lease if isinstance(lease, Ipv4Address) else Ipv4Address.ANY
        header = Dhcp(transaction=self._transaction, client_ip=mine, client_mac=self.host.mac)
        common: dict[str, OptionValue] = {"message_type": kind, "client_id": b"\x01" + self.host.mac.packed}
        if kind in (dhcp.DISCOVER, dhcp.REQUEST):
            common |= {"hostname": self.host.name, "parameter_request": WANTED}
        payload = DhcpMessage(header, common | options).pack()
        ports = udp.Udp(udp.DHCP_CLIENT, udp.DHCP_SERVER)
        try:
            self.host.internet.send(to, ports, payload, source=mine)
        except Unreachable as error:
            self._tell(f"send_packet: {error}")

    def _bind(self, lease: Lease) -> None:
        if self.lease is not None and self.lease.address != lease.address:
            self._drop_lease()
        self.lease = lease
        self.state = "BOUND"
        self._configure(lease)
        if lease.seconds == FOREVER:
            self._rearm(None)
        else:
            self._rearm(lease.renew, self._renew)
        self._tell(f"bound to {lease.address.address} -- renewal in {lease.renew:.0f} seconds.")

    def _configure(self, lease: Lease) -> None:
        if lease.mtu is not None and lease.mtu >= MINIMUM_MTU:
            self.host.mtu = lease.mtu
        self.host.learn_name_servers("dhcp", lease.name_servers)
        self.host.add_address(lease.address, via="dhcp")
        if not lease.routes and lease.routers:
            self.host.routes.add_default(lease.routers[0], "dhcp")
        for prefix, router in lease.routes:
            self.host.routes.add(prefix, None if router.is_unspecified else router, "dhcp")

    def _renew(self) -> None:
        if self.lease is not None:
            self._deadline = self.host.scheduler.now() + self.lease.rebind - self.lease.renew
            self._enter("RENEWING")

    def _rebind(self) -> None:
        if self.lease is not None:
            self._deadline = self.host.scheduler.now() + self.lease.seconds - self.lease.rebind
            self._enter("REBINDING")

    def _drop_lease(self) -> None:
        if self.lease is not None:
            for prefix, _ in self.lease.routes:
                self.host.routes.remove(prefix)
            self.host.remove_address(self.lease.address)
            self.lease = None

    def _rearm(self, delay: float | None, action: Callable[[], object] | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if delay is not None:
            self._timer = self.host.scheduler.call_later(delay, action or self._ask)

    def _tell(self, text: str) -> None:
        if self.on_event is not None:
            self.on_event(DhcpEvent(text))


def read_lease(message: DhcpMessage, server: Ipv4Address) -> Lease:
    """The lease an acknowledgment gives, with defaults where the server says nothing (section 4.4.5 for T1, T2)."""
    seconds = message.number("lease_time", DEFAULT_LEASE)
    netmask = message.address("netmask")
    length = 32 if netmask is None else netmask.value.bit_count()
    return Lease(
        address=InterfaceAddress(message.header.your_ip, length),
        server=server,
        seconds=seconds,
        renew=message.number("T1", seconds // 2),
        rebind=message.number("T2", seconds * 7 // 8),
        mtu=message.number("mtu", 0) or None,
        name_servers=message.addresses("dns_server"),
        routes=message.routes(),
        routers=message.addresses("router"),
    )
