"""Sentences about what wires carried since the last command; TEXT is part of a line of tcpdump, `*` is anything.

WIRE is a server (or one interface of it: vm1.blue), `underlay` (between the nodes) or `outside`.
"""

from __future__ import annotations

from tests.stories.captures import Captured, matching
from tests.stories.language import sentence
from tests.stories.world import World


@sentence("Then", "WIRE sees TEXT")
def sees(world: World, wire: str, text: str) -> None:
    frames = _frames(world, wire)
    if not matching(frames, world.fill(text)):
        raise AssertionError(f"{wire} saw nothing like: {world.fill(text)}\n{_shown(frames)}")


@sentence("Then", "WIRE sees no TEXT")
def sees_no(world: World, wire: str, text: str) -> None:
    if found := matching(_frames(world, wire), world.fill(text)):
        raise AssertionError(f"{wire} saw:\n{_shown(found)}")


@sentence("Then", "WIRE sees nothing")
def sees_nothing(world: World, wire: str) -> None:
    if found := _frames(world, wire):
        raise AssertionError(f"{wire} saw:\n{_shown(found)}")


def _frames(world: World, wire: str) -> list[Captured]:
    name = wire if wire in ("underlay", "outside") else world.names.find("port", wire)
    return world.captures.recent(name)


def _shown(frames: list[Captured]) -> str:
    lines = [f"    {one.lines()[0]}" for one in frames[-20:]]
    return "it saw:\n" + "\n".join(lines) if lines else "it saw nothing at all"


@sentence("Then", "nothing of PROJECT ever reached OTHER")
def never_reached(world: World, project: str, other: str) -> None:
    """No frame on a wire of the one project has, anywhere in it, the MAC address of a port of the other."""
    foreign = [bytes.fromhex(port["mac_address"].replace(":", "")) for port in _ports(world, project)]
    wires = {port["id"] for port in _ports(world, other)}
    frames = world.captures.ever(wires)
    if not frames or not foreign:
        raise AssertionError("there is nothing to compare: no frames, or no ports")
    if found := [one for one in frames if any(mac in one.frame for mac in foreign)]:
        raise AssertionError(f"{len(found)} frames did:\n{_shown(found)}")


def _ports(world: World, project: str) -> list[dict[str, str]]:
    before, world.api.project = world.api.project, project
    project_id = world.api.project_id()
    found: list[dict[str, str]] = world.api.ask("GET", f"/network/v2.0/ports?project_id={project_id}", operator=True)[
        "ports"
    ]
    world.api.project = before
    return found
