"""trigger_event: something that the cloud should know, for example that a load balancer has no backends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.openflow.packet_in.messages import Answer, BadPacketIn, PacketIn, ReportEvent
from brume.tables.map import Map

EVENTS: Final = {0: "empty_lb_backends"}
OPTIONS: Final = {1: "vip", 2: "protocol", 3: "load_balancer"}


def report(packet_in: PacketIn) -> Iterator[Answer]:
    """The event's number, then its options: code, length, text."""
    octets = packet_in.userdata
    event = EVENTS.get(int.from_bytes(octets[:4], "big")) if len(octets) >= 4 else None
    if event is None:
        raise BadPacketIn(f"trigger_event with an unknown event: {octets[:4].hex()}")
    yield ReportEvent(event, Map(dict(_options(octets[4:]))))


def _options(octets: bytes) -> Iterator[tuple[str, str]]:
    while octets:
        code, length = int.from_bytes(octets[:2], "big"), int.from_bytes(octets[2:4], "big")
        text, octets = octets[4 : 4 + length], octets[4 + length :]
        if code not in OPTIONS or len(text) != length:
            raise BadPacketIn(f"trigger_event with a garbled option {code}")
        yield OPTIONS[code], text.decode("utf-8", "replace")
