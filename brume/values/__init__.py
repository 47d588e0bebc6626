"""Values: the smallest nouns of the house, which import nothing of ours.

    MacAddress                       "fa:16:3e:00:00:01"
    Ipv4Address  Ipv6Address         "192.168.10.5"  "fd00::5"        (IpAddress: either)
    Prefix       InterfaceAddress    "192.168.10.0/24"  "192.168.10.1/24"
    PortRange                        "80"  "8000:8080"
    Uuid         derive_uuid         a name made from names, the same on every run
    Clock        SystemClock  ManualClock

Each is immutable, hashable, ordered, made of one or two integers, read by `parse` and printed by `str`. A
text that is not a value raises ValueError, and the message names the text and what would be right.

Start reading in `address.py`.
"""

from brume.values.address import IpAddress, Ipv4Address, Ipv6Address, parse_address
from brume.values.clock import Clock, ManualClock, SystemClock
from brume.values.mac import MacAddress
from brume.values.port_range import PortRange
from brume.values.prefix import InterfaceAddress, Prefix
from brume.values.uuids import Uuid, derive_uuid, format_uuid, is_derived, parse_uuid, random_uuid

__all__ = [
    "Clock",
    "InterfaceAddress",
    "IpAddress",
    "Ipv4Address",
    "Ipv6Address",
    "MacAddress",
    "ManualClock",
    "PortRange",
    "Prefix",
    "SystemClock",
    "Uuid",
    "derive_uuid",
    "format_uuid",
    "is_derived",
    "parse_address",
    "parse_uuid",
    "random_uuid",
]
