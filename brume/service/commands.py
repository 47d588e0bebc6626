"""What the control socket can do: the commands of `brume exec`, `trace`, `flows`, `pcap`, `status`, `down`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import uvicorn

from brume.cli.control import Message
from brume.service.cloud import EmbeddedCloud
from brume.service.control import Command


class Commands:
    """The commands of one running cloud."""

    def __init__(self, cloud: EmbeddedCloud, server: uvicorn.Server) -> None:
        self._cloud = cloud
        self._server = server

    def table(self) -> Mapping[str, Command]:
        """The commands by name."""
        return {"status": self.status, "down": self.down}

    async def down(self) -> AsyncIterator[Message]:
        """End the cloud."""
        self._server.should_exit = True
        yield Message(out="The cloud is ending; its state stays in " + str(self._cloud.settings.data_directory))

    async def status(self) -> AsyncIterator[Message]:
        """Say what is running."""
        settings = self._cloud.settings
        yield Message(out=f"Brume is running at {settings.base_url}, data directory {settings.data_directory}")
