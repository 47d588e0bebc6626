"""Tags of containers: `ovn-nbctl lsp-add ls1 web vma 0` asks for a VLAN tag by which vma's host tells its containers
apart; the answer is written into the port's `tag`, which rules read.

What is asked for is given; 0 is the lowest tag that no other container of the same parent has. A tag that was given
stays, as ovn-northd has it: in NB, where it survives a restart.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from brume.northbound.schema import LogicalSwitchPort
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Index

TAGS: Final = 4096
port_by_parent = Index(LogicalSwitchPort, "parent", lambda port: port.parent_name or None)


class ContainerTags:
    """Keeps `tag` of the ports that ask for one."""

    def __init__(self, northbound: Database) -> None:
        self._northbound = northbound

    def start(self) -> None:
        """Look at every port."""
        self._settle(self._northbound.rows(LogicalSwitchPort))

    def follow(self, changes: ChangeSet) -> None:
        """Look at the ports that changed."""
        self._settle(new for row_type, _, _, new in changes.rows if isinstance(new, LogicalSwitchPort))

    def _settle(self, ports: Iterable[LogicalSwitchPort]) -> None:
        asking = [port for port in ports if port.tag_request is not None]
        transaction = Transaction(self)
        given: dict[str, set[int]] = {}
        for port in sorted(asking, key=lambda port: port.uuid):
            tag = port.tag_request or port.tag or self._free(port.parent_name, given)
            if tag is not None and tag != port.tag:
                transaction.put(replace(port, tag=tag))
        self._northbound.apply(transaction)

    def _free(self, parent: str | None, given: dict[str, set[int]]) -> int | None:
        """The lowest tag that no container of this parent has; None when all are taken, or without a parent."""
        if not parent:
            return None
        taken = given.get(parent)
        if taken is None:
            siblings = self._northbound.find(port_by_parent, parent)
            taken = given[parent] = {tag for one in siblings for tag in (one.tag, one.tag_request) if tag}
        tag = next((tag for tag in range(1, TAGS) if tag not in taken), None)
        if tag is not None:
            taken.add(tag)
        return tag
