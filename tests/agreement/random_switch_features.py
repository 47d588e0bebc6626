"""What a random northbound has on its switches beside ports and ACLs: names, one feature a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.agreement.random_northbound import Draw


def add_switch_features(draw: Draw) -> None:
    """Some of everything, drawn after all the rest."""
    _names(draw)


def _names(draw: Draw) -> None:
    for number in range(draw.random.randint(0, 2)):
        switches = [switch for switch in draw.switches if draw.by_chance(0.4)]
        records = {f"Host{host}_Example_org": f"10.0.9.{host}" for host in range(3) if draw.by_chance(0.6)}
        draw.build.dns(f"names{number}", *switches, **records)
