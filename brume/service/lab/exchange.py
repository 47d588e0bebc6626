"""What a lab exchanges: NB or SB may be at a server elsewhere (a real ovsdb-server), the compiler the real ovn-northd.

brume ovn --northbound tcp:10.0.0.1:6641 --southbound tcp:10.0.0.1:6642     our compiler and chassis on its databases
brume ovn --compiler none                                                   NB, SB, chassis; ovn-northd between them
"""

from __future__ import annotations

from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.tls import client_context
from brume.service.lab.settings import LabSettings
from brume.service.network import COMPILER_LOCK, LogicalNetwork
from brume.service.remote import RemoteDatabase
from brume.southbound.schema import SOUTHBOUND


def remotes(settings: LabSettings, network: LogicalNetwork) -> list[RemoteDatabase]:
    """The databases of this lab that are elsewhere; ValueError if one is not a place to connect to, or TlsError."""
    tls = None if settings.tls is None else client_context(settings.tls)
    found = []
    if settings.northbound is not None:
        found.append(RemoteDatabase(settings.northbound, NORTHBOUND, network.northbound, tls=tls))
    if settings.southbound is not None:
        lock = COMPILER_LOCK if settings.compiles else None
        southbound = RemoteDatabase(settings.southbound, SOUTHBOUND, network.southbound, lock=lock, tls=tls)
        network.committed = southbound.client.replica.database
        found.append(southbound)
    return found
