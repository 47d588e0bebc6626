"""log(...): one line about a packet that an ACL decided on, in ovn-controller's words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from brume.openflow.messages.match import Match
from brume.openflow.messages.match_text import format_match
from brume.openflow.packet_in.messages import KEPT, Answer, BadPacketIn, LogLine, PacketIn
from brume.openflow.tables import Table

VERDICTS: Final = ("allow", "drop", "reject")
SEVERITIES: Final = {"alert": 1, "warning": 4, "notice": 5, "info": 6, "debug": 7}
_SEVERITY_NAMES: Final = {number: name for name, number in SEVERITIES.items()}


def log(packet_in: PacketIn) -> Iterator[Answer]:
    """`name="a", verdict=drop, severity=info, direction=to-lport: tcp,...`."""
    if len(packet_in.userdata) < 2:
        raise BadPacketIn("log data missing")
    verdict, severity, name = packet_in.userdata[0], packet_in.userdata[1], packet_in.userdata[2:]
    direction = "from-lport" if packet_in.table < Table.EGRESS else "to-lport"
    said = ", ".join(
        (
            f"name={json.dumps(name.decode(errors='replace') or '<unnamed>')}",
            f"verdict={VERDICTS[verdict] if verdict < len(VERDICTS) else '<invalid>'}",
            f"severity={_SEVERITY_NAMES.get(severity, '<invalid>')}",
            f"direction={direction}",
        )
    )
    yield LogLine(f"{said}: {_headers(packet_in.key)}")


def _headers(key: int) -> str:
    """The packet's own fields, without the pipeline's metadata."""
    from brume.openflow.messages.fields import FIELDS

    shown = ("eth_src", "eth_dst", "eth_type", "ip_src", "ip_dst", "ipv6_src", "ipv6_dst", "nw_proto", "nw_ttl")
    ports = ("tcp_src", "tcp_dst", "udp_src", "udp_dst", "icmp_type", "icmp_code", "icmpv6_type", "icmpv6_code")
    mask = 0
    for name in (*shown, *ports):
        field = FIELDS[name]
        if key & field.mask:
            mask |= field.mask
    mask &= ~KEPT
    return format_match(Match(mask, key & mask))
