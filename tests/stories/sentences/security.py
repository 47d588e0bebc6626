"""Sentences about security groups.

TRAFFIC reads: [IPv6] anything | icmp [TYPE[/CODE]] | tcp [PORT[-PORT]] | udp ... | protocol NAME-OR-NUMBER,
[from|to PREFIX | group GROUP].
"""

from __future__ import annotations

import re
from typing import Any

from tests.stories.language import sentence
from tests.stories.sentences.networks import Settings, attributes, make
from tests.stories.world import World

TRAFFIC = re.compile(
    r"(?P<v6>IPv6 )?(?P<protocol>anything|protocol \S+|\w+)(?: (?P<first>\d+)(?P<dash>[-/])?(?P<last>\d+)?)?"
    r"(?: (?:from|to) (?:group (?P<group>[\w-]+)|(?P<prefix>\S+)))?"
)


@sentence("Given When", "group NAME[ with SETTINGS]")
def group(world: World, name: str, settings: Settings) -> None:
    make(world, "group", name, attributes(world, settings))


@sentence("Given When", "group GROUP lets in TRAFFIC")
def lets_in(world: World, group: str, traffic: str) -> None:
    _add(world, group, "ingress", traffic)


@sentence("Given When", "group GROUP lets out TRAFFIC")
def lets_out(world: World, group: str, traffic: str) -> None:
    _add(world, group, "egress", traffic)


@sentence("Given When", "group GROUP no longer lets in TRAFFIC")
def no_longer_in(world: World, group: str, traffic: str) -> None:
    _remove(world, group, "ingress", traffic)


@sentence("Given When", "group GROUP no longer lets out TRAFFIC")
def no_longer_out(world: World, group: str, traffic: str) -> None:
    _remove(world, group, "egress", traffic)


def _add(world: World, group: str, direction: str, traffic: str) -> None:
    for part in traffic.split("; "):
        rule = {"security_group_id": world.names.find("group", group), "direction": direction, **_rule(world, part)}
        world.ask("POST", "/network/v2.0/security-group-rules", {"security_group_rule": rule})


def _remove(world: World, group: str, direction: str, traffic: str) -> None:
    """Each rule that is as described; with "anything", in both families, as the first rules of a group are."""
    wanted = _rule(world, traffic)
    if wanted["protocol"] is None and not traffic.startswith("IPv6"):
        del wanted["ethertype"]
    rules = world.names.show("group", group)["security_group_rules"]
    found = [
        rule
        for rule in rules
        if rule["direction"] == direction and all(rule[name] == text for name, text in wanted.items())
    ]
    if not found:
        raise AssertionError(f"the group {group} has no such rule")
    for rule in found:
        world.ask("DELETE", f"/network/v2.0/security-group-rules/{rule['id']}")


def _rule(world: World, traffic: str) -> dict[str, Any]:
    found = TRAFFIC.fullmatch(traffic)
    if found is None:
        raise AssertionError(f"{traffic}: no such traffic; it is like: tcp 8000-8080 from group web")
    first, last = found["first"], found["last"]
    if first and not last and found["protocol"] in ("tcp", "udp"):
        last = first
    protocol = found["protocol"].removeprefix("protocol ")
    prefix = world.fill(found["prefix"]) if found["prefix"] else None
    return {
        "ethertype": "IPv6" if found["v6"] else "IPv4",
        "protocol": None if protocol == "anything" else protocol,
        "port_range_min": int(first) if first else None,
        "port_range_max": int(last) if last else None,
        "remote_ip_prefix": prefix,
        "remote_group_id": world.names.find("group", found["group"]) if found["group"] else None,
    }
