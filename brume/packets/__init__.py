"""Packets: what the octets on a wire mean.

    header.py    how a header is declared: a class with fields and bit widths     (codec.py makes reader and writer)
    ethernet arp ipv4 ipv6 icmp4 icmp6 nd tcp udp dhcp dhcp6 dns geneve vxlan gre       one protocol a file, declared so
    igmp.py      who joins and leaves multicast groups: IGMP, and MLD of IPv6
    dhcp_options.py   DHCPv4's options: name, code, type
    options.py   lists of type-length-value options                               checksum.py  RFC 1071 and 1624
    layers.py    which header follows which; `walk` and `dissect` take a frame apart
    build.py     `stack` puts a frame together
    verify.py    which checksums are wrong
    explain.py   what every octet means
    describe.py  one line about a frame, as tcpdump prints it (from the IP header on: describe_ip.py, describe_icmp.py)

        Ethernet | Vlan | Ipv4 | Udp | Geneve | Ethernet | Ipv4 | Icmp4 | Echo | octets
        outermost first; each header knows its size, thus where the next begins

    frame = stack(Ethernet(mac2, mac1), Ipv4(source=a, destination=b), Icmp4(type=8), Echo(1, 1), b"data")
    Ipv4.parse(frame, 14).ttl

Nothing here keeps state or sends. Whatever is wrong with octets is a PacketError that says where and why.

Start reading in `header.py`, then `ipv4.py`.
"""

from brume.packets.errors import PacketError
from brume.packets.header import Buffer, Header

__all__ = ["Buffer", "Header", "PacketError"]
