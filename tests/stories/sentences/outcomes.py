"""Sentences about what must be so: what the last command said and did, what the API shows or refuses."""

from __future__ import annotations

import re

from tests.stories.language import sentence
from tests.stories.sentences.networks import attributes
from tests.stories.world import World


def _exit_code(world: World) -> int:
    code = world.last_job().exit_code
    if code is None:
        raise AssertionError("the command has not ended")
    return code


@sentence("Then", "succeeds")
def succeeds(world: World) -> None:
    if code := _exit_code(world):
        raise AssertionError(f"the command failed (exit code {code})")


@sentence("Then", "fails")
def fails(world: World) -> None:
    """As a tool fails that was used rightly: exit code 1."""
    if (code := _exit_code(world)) != 1:
        raise AssertionError("the command succeeded" if code == 0 else f"the command could not try (exit code {code})")


@sentence("Then", "says TEXT")
def says(world: World, text: str) -> None:
    if not _said(world, text):
        raise AssertionError(f"it did not say: {world.fill(text)}")


@sentence("Then", "does not say TEXT")
def does_not_say(world: World, text: str) -> None:
    if _said(world, text):
        raise AssertionError(f"it did say: {world.fill(text)}")


def _said(world: World, text: str) -> bool:
    """Whether one line has the text in it; `*` stands for anything, any blank for blanks."""
    parts = [r"\s+".join(map(re.escape, part.split(" "))) for part in world.fill(text).split("*")]
    expression = re.compile(".*".join(parts))
    return any(expression.search(line) for line in world.said().splitlines())


@sentence("Then", "is refused with NUMBER[ saying TEXT]")
def refused(world: World, number: int, text: str | None) -> None:
    refusal, world.refusal = world.refusal, None
    if refusal is None:
        raise AssertionError("it was not refused")
    if refusal.status != number or (text and world.fill(text) not in refusal.message):
        raise AssertionError(str(refusal))


@sentence("Then", "KIND ITEM has SETTINGS")
def has(world: World, kind: str, item: str, settings: dict[str, str]) -> None:
    shown = world.names.show(kind, item)
    for name, expected in attributes(world, settings).items():
        if shown[name] != expected:
            raise AssertionError(f"the {kind}'s {name} is {shown[name]}, not {expected}")


@sentence("Then", "SERVER has the address ADDRESS")
def has_address(world: World, server: str, address: str) -> None:
    found = [str(one.address) for one in world.host(server).addresses]
    if (address := world.fill(address)) not in found:
        raise AssertionError(f"{server} has {', '.join(found) or 'no address'}")


@sentence("Then", "SERVER has the addresses that the API shows")
def has_shown_addresses(world: World, server: str) -> None:
    """Those of its ports and of the server, neither more nor less; but for addresses of the link only."""
    name = server.partition(".")[0]
    shown = world.api.ask("GET", f"/compute/v2.1/servers/{world.names.find('server', name)}")["server"]["addresses"]
    by_server = {one["addr"] for entries in shown.values() for one in entries if one["OS-EXT-IPS:type"] == "fixed"}
    by_port = {one["ip_address"] for one in world.names.show("port", server)["fixed_ips"]}
    own = {str(one.address) for one in world.host(server).addresses if not one.address.is_link_local}
    if own != by_port or not own <= by_server:
        raise AssertionError(f"{server} has {own}; its port has {by_port}, the server {by_server}")


@sentence("Then", "SERVER has no address")
def has_no_address(world: World, server: str) -> None:
    if found := world.host(server).addresses:
        raise AssertionError(f"{server} has {', '.join(map(str, found))}")


@sentence("Then", "SERVER is not running")
def not_running(world: World, server: str) -> None:
    if world.cloud.running(world.names.find("server", server)) is not None:
        raise AssertionError(f"{server} is running")


@sentence("Then", "SERVER asks the name servers TEXTS")
def name_servers(world: World, server: str, texts: list[str]) -> None:
    found = [str(one) for one in world.host(server).name_servers]
    if found != texts:
        raise AssertionError(f"{server} asks {', '.join(found) or 'nobody'}")
