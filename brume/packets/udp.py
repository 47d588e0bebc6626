"""UDP (RFC 768)."""

from __future__ import annotations

from typing import Final

from brume.packets.header import U16, Header

DNS: Final = 53
DHCP_SERVER: Final = 67
DHCP_CLIENT: Final = 68
DHCP6_CLIENT: Final = 546
DHCP6_SERVER: Final = 547
VXLAN: Final = 4789
GENEVE: Final = 6081


class Udp(Header, frozen=True):
    """Ports, a length that counts this header too, and a checksum (0: none, allowed in IPv4 only)."""

    source: U16 = 0
    destination: U16 = 0
    length: U16 = 0
    checksum: U16 = 0
