"""A chassis's own rows: what it knows about itself. They live in a database of its own.

LocalDatapath, LocalPort and LocalGroup name southbound rows that matter here; rules run over them and read the
southbound rows. So a port of a datapath that is not local costs a chassis nothing (ovn-controller does the same with
conditional monitoring).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from brume.tables.row import Index, Relation, Row


class Here(Row, frozen=True, kw_only=True):
    """The chassis itself: the only row of its kind."""

    uuid: str
    name: str
    hostname: str = ""

    def key(self) -> Hashable:
        return "here"


class Interface(Row, frozen=True, kw_only=True):
    """A port of br-int: a VIF (`iface_id`), or a patch port to a physical network (`localnet`)."""

    name: str
    ofport: int
    iface_id: str | None = None
    localnet: str | None = None

    def key(self) -> Hashable:
        return self.name


class Tunnel(Row, frozen=True, kw_only=True):
    """The port of br-int that leads to another chassis."""

    chassis: str
    ofport: int
    kind: str = "geneve"

    def key(self) -> Hashable:
        return self.chassis


class Zone(Row, frozen=True, kw_only=True):
    """A connection tracking zone; `user` is a port's name, or a datapath's uuid with `_dnat` or `_snat`."""

    user: str
    number: int

    def key(self) -> Hashable:
        return self.user


class LocalDatapath(Row, frozen=True, kw_only=True):
    """A datapath that has flows here."""

    uuid: str
    tunnel_key: int

    def key(self) -> Hashable:
        return self.uuid


class LocalPort(Row, frozen=True, kw_only=True):
    """A port of a local datapath. `near` when this chassis has to do with the port itself (see `nearness`)."""

    uuid: str
    datapath: str
    near: bool

    def key(self) -> Hashable:
        return self.uuid


class LocalGroup(Row, frozen=True, kw_only=True):
    """A multicast group of a local datapath, and those of its ports that get their copy from this chassis, perhaps."""

    uuid: str
    datapath: str
    ports: ClassVar[Relation] = Relation("LocalPort")

    def key(self) -> Hashable:
        return self.uuid


interface_by_iface_id = Index(Interface, "iface_id", lambda row: row.iface_id)
interface_by_localnet = Index(Interface, "localnet", lambda row: row.localnet)
