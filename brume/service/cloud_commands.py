"""What the control socket of a cloud can do: what every system's can, and `brume drift`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping

from brume.cli.control import Message
from brume.service.cloud import EmbeddedCloud
from brume.service.cloud_system import CloudSystem
from brume.service.commands import Commands
from brume.service.control import Command
from brume.service.drift.report import Report, Reporter
from brume.service.drift.text import as_json, render


class CloudCommands(Commands):
    """The commands of one running cloud."""

    def __init__(
        self, cloud: EmbeddedCloud, end: Callable[[], object], also: Callable[[], Iterable[str]] = tuple
    ) -> None:
        """`also` has lines of others for the status."""
        system = CloudSystem(cloud, also)
        goodbye = f"The cloud is ending; its state stays in {cloud.settings.data_directory}"
        super().__init__(system, end, goodbye)
        self._cloud = cloud
        self._provenance = system.provenance

    def table(self) -> Mapping[str, Command]:
        """The commands by name."""
        return {"drift": self.drift, **super().table()}

    async def drift(self, json: bool = False) -> AsyncIterator[Message]:
        """What is by hand, and what was put right."""
        found = self._report()
        if json:
            yield Message(data=as_json(found))
        else:
            for line in render(found):
                yield Message(out=line)
        yield Message(exit=1 if found else 0)

    def _report(self) -> Report:
        cloud = self._cloud
        store = cloud.network.northbound_store
        return Reporter(cloud.northbound, store, cloud.southbound.keeper, self._provenance()).report()
