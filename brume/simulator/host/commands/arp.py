"""arp, as net-tools print it: `arp [-n] [-a]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brume.simulator.host.commands.words import options
from brume.simulator.host.console import Job
from brume.values import Ipv4Address

if TYPE_CHECKING:
    from brume.simulator.host.host import Host


def run(host: Host, argv: list[str], job: Job) -> None:
    """Print the ARP cache."""
    given, _ = options(argv, "nae")
    entries = [entry for entry in host.neighbors.entries.values() if isinstance(entry.address, Ipv4Address)]
    if "a" in given:
        for entry in entries:
            hardware = f"{entry.mac} [ether]" if entry.mac is not None else "<incomplete>"
            job.print(f"? ({entry.address}) at {hardware} on eth0")
    elif entries:
        job.print(f"{'Address':<24} {'HWtype':<7} {'HWaddress':<19} {'Flags Mask':<16}      Iface")
        for entry in entries:
            name = f"{entry.address!s:<24}"
            if entry.mac is None:
                job.print(f"{name} {'':<7} {'(incomplete)':<19} {'':<16}      eth0")
            else:
                job.print(f"{name} {'ether':<7} {entry.mac!s:<19} {'C':<16}      eth0")
    job.finish(0)
