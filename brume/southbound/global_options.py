"""What ovn-northd fills in of NB_Global.options: the deployment's MAC prefix, the health checks' MAC, limit, version.

    NB_Global.options --fill--> NB_Global.options --compile--> SB_Global.options

Others read them there: `ovn-nbctl` shows them, chassis and interconnection read SB_Global. Level-triggered: what
somebody sets is heeded, what they take away or misspell is written again.

ovn-northd draws the two MACs; ours come from the row's uuid, so rules may compute them too and need not wait.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from brume.northbound.schema import NBGlobal
from brume.southbound.allocation import MAXIMUM_DATAPATH_KEY
from brume.southbound.from_northbound.facts.addresses import parse_mac
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.values.uuids import derive_uuid

PREFIX: Final = "mac_prefix"
SERVICE_MONITOR: Final = "svc_monitor_mac"
VERSION: Final = "23.03.1-20.27.0-70.6"
"""The version that ovn-northd 23.03.1 writes (OVN, its SB schema, its actions). Our flows are its flows, and a chassis
that is told to match versions (`ovn-match-northd-version`) compares this text with its own."""
_OCTETS: Final = re.compile(r"([0-9A-Fa-f]{1,2}):([0-9A-Fa-f]{1,2}):([0-9A-Fa-f]{1,2})")


def filled(row: NBGlobal) -> Map[str, str]:
    """The options with what is filled in."""
    given = row.options.get(SERVICE_MONITOR, "")
    return Map(
        {
            **row.options,
            PREFIX: mac_prefix(row),
            SERVICE_MONITOR: given if parse_mac(given) is not None else service_monitor_mac(row),
            "max_tunid": str(MAXIMUM_DATAPATH_KEY),
            "northd_internal_version": VERSION,
        }
    )


def mac_prefix(row: NBGlobal) -> str:
    """The first three octets of the MACs that are given to ports: by option, or the deployment's own."""
    given = _OCTETS.match(row.options.get(PREFIX, ""))
    octets = tuple(int(one, 16) for one in given.groups()) if given else ()
    if not any(octets):
        octets = (0x0A, *_own_octets(PREFIX, row, 2))
    return ":".join(f"{octet:02x}" for octet in octets)


def service_monitor_mac(row: NBGlobal) -> str:
    """The MAC from which health checks are sent: given by option, or one that is the deployment's own."""
    given = parse_mac(row.options.get(SERVICE_MONITOR, ""))
    if given is not None:
        return given
    return ":".join(f"{octet:02x}" for octet in (0x0A, *_own_octets(SERVICE_MONITOR, row, 5)))


def _own_octets(purpose: str, row: NBGlobal, count: int) -> bytes:
    """Octets behind 0a: locally administered, unicast (IEEE 802, 8.2)."""
    return bytes.fromhex(derive_uuid(purpose, row.uuid).replace("-", "")[: 2 * count])


class GlobalOptions:
    """Keeps NB_Global.options filled."""

    def __init__(self, northbound: Database) -> None:
        self._northbound = northbound

    def start(self) -> None:
        """Fill what is there; the row is made if somebody has taken it away, as ovn-northd makes it."""
        transaction = Transaction(self)
        for row in list(self._northbound.rows(NBGlobal)) or [NBGlobal(uuid=derive_uuid("NB_Global"))]:
            options = filled(row)
            if options != row.options:
                transaction.put(replace(row, options=options))
        self._northbound.apply(transaction)

    def follow(self, changes: ChangeSet) -> None:
        """Fill again when somebody has changed the row."""
        if any(change.row_type is NBGlobal for change in changes.rows):
            self.start()
