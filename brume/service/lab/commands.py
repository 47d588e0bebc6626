"""What a lab's control socket can do: `bind` and `unbind`, and everything a cloud's can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from brume.cli.control import Message
from brume.dataplane.explain.by_hand import without_openstack
from brume.dataplane.explain.explanation import Explanation
from brume.service.commands import Commands
from brume.service.control import Command
from brume.service.lab.bindings import Binding
from brume.service.lab.card import Wishes
from brume.service.lab.lab import Lab
from brume.service.outside import NAME as OUTSIDE
from brume.tables.changes import ChangeSet
from brume.values import parse_address

PATIENCE = 2.0
"""Seconds that `bind` waits for the chassis to claim the port; nothing takes so long but a port that it may not."""


class LabCommands(Commands):
    """The commands of one running lab."""

    def __init__(self, lab: Lab, end: Callable[[], object]) -> None:
        super().__init__(lab, end, f"The lab is ending; its state stays in {lab.settings.data_directory}")
        self._lab = lab

    def table(self) -> Mapping[str, Command]:
        """The commands by name."""
        return {"bind": self.bind, "unbind": self.unbind, **super().table()}

    async def bind(
        self, port: str, chassis: str, mac: str | None = None, ip: list[str] | None = None, gateway: str | None = None
    ) -> AsyncIterator[Message]:
        """Plug a host in, and wait until its port is up."""
        binding = self._lab.bind(port, chassis, Wishes(mac, tuple(ip or ()), gateway))
        try:
            async with asyncio.timeout(PATIENCE):
                await self._until_up(binding)
        except TimeoutError:
            yield Message(out=f"{port}: plugged in on {chassis}, but not up: {self._lab.why_not_up(port)}")
            yield Message(exit=1)
        else:
            yield Message(out=f"{port} is up on {chassis}: {binding.card}")

    async def unbind(self, port: str) -> AsyncIterator[Message]:
        """Take a host away."""
        binding = self._lab.unbind(port)
        yield Message(out=f"{port} is no longer on {binding.chassis}")

    def _require(self, name: str) -> None:
        if name != OUTSIDE and not _is_address(name):
            self._lab.only(name)

    def _shown(self, explanation: Explanation) -> Explanation:
        return without_openstack(explanation)

    async def _until_up(self, bound: Binding) -> None:
        up = asyncio.Event()

        def look(_: ChangeSet) -> None:
            if self._lab.is_up(bound):
                up.set()

        self._network.southbound.subscribe(look)
        try:
            look(ChangeSet([], []))
            await up.wait()
        finally:
            self._network.southbound.unsubscribe(look)


def _is_address(text: str) -> bool:
    try:
        parse_address(text)
    except ValueError:
        return False
    return True
