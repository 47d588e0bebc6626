"""arping, as iputils has it, for one thing: to say whose an address is (gratuitous ARP, RFC 5227 section 3).

`arping -U|-A [-c COUNT] [-I eth0] ADDRESS`: -U sends requests, -A answers; that is how keepalived moves an address.
To ask for a neighbour, ping it: arping without -U and -A is not there.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from brume.packets import arp, ethernet
from brume.packets.arp import Arp
from brume.simulator.host.commands.words import address, options, whole_number
from brume.simulator.host.console import Job, UsageError
from brume.values import Ipv4Address, MacAddress

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

USAGE: Final = "Usage:\n  arping -U|-A [-c count] [-I eth0] <destination>"
INTERVAL: Final = 1.0


def run(host: Host, argv: list[str], job: Job) -> None:
    """Announce."""
    given, rest = options(argv, "UAbqc:I:w:")
    if len(rest) != 1 or ("A" not in given and "U" not in given):
        raise UsageError(USAGE)
    mine = address("arping", rest[0])
    if given.get("I", "eth0") != "eth0":
        raise UsageError(f"arping: Device {given['I']} not available.")
    if not isinstance(mine, Ipv4Address) or not host.owns(mine):
        raise UsageError(f"arping: bind: {rest[0]}: Cannot assign requested address")
    job.print(f"ARPING {mine} from {mine} eth0")
    count = whole_number("arping", given.get("c", "1"), 1, 2**31 - 1)
    _send(host, job, mine, "A" in given, count, count)


def _send(host: Host, job: Job, mine: Ipv4Address, answer: bool, count: int, left: int) -> None:
    """One more, and the next in a second."""
    told = (
        Arp(arp.REPLY, host.mac, mine, host.mac, mine)
        if answer
        else Arp(arp.REQUEST, host.mac, mine, MacAddress.ZERO, mine)
    )
    host.transmit(MacAddress.BROADCAST, ethernet.ARP, told.pack())
    if left > 1:
        timer = host.scheduler.call_later(INTERVAL, partial(_send, host, job, mine, answer, count, left - 1))
        job.until_interrupted(timer.cancel)
        return
    job.print(f"Sent {count} probes ({count} broadcast(s))", "Received 0 response(s)")
    job.finish(0)
