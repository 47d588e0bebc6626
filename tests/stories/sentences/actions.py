"""Sentences in which something happens: a command is typed, time passes, the cloud restarts."""

from __future__ import annotations

from tests.stories.language import sentence
from tests.stories.world import World


@sentence("Given When", "SERVER: COMMAND")
def command(world: World, server: str, command: str) -> None:
    world.start(server, command)
    world.wait()


@sentence("Given When", "SERVER starts: COMMAND")
def starts(world: World, server: str, command: str) -> None:
    world.start(server, command)
    world.pass_time(0.1)


@sentence("Given When", "the command is interrupted")
def interrupted(world: World) -> None:
    world.last_job().interrupt()


@sentence("Given When", "NUMBER seconds pass")
def seconds_pass(world: World, number: int) -> None:
    world.pass_time(number)


@sentence("Given When", "the cloud restarts")
def restarts(world: World) -> None:
    world.restart()


@sentence("Given When", "floating IPs are distributed")
def distributed(world: World) -> None:
    world.restart(distributed_floating_ips=True)


@sentence("Given When", "the cloud restarts with distributed floating IPs")
def restarts_distributed(world: World) -> None:
    world.restart(distributed_floating_ips=True)
