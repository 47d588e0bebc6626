"""What can be chosen for a lab."""

from __future__ import annotations

from pathlib import Path

import msgspec

from brume.cli.paths import LabPaths
from brume.ovsdb.tls import TlsFiles


class LabSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The choices `brume ovn` takes. NB and SB are embedded, or at servers elsewhere (remotes as `tcp:HOST:PORT`)."""

    data_directory: Path
    chassis: int = 2
    physical_network: str = "physnet1"
    compiles: bool = True
    northbound: str | None = None
    southbound: str | None = None
    tls: TlsFiles | None = None
    """What we show, and whom we believe, where NB or SB is at an `ssl:` remote."""
    northbound_remotes: tuple[str, ...] = ()
    southbound_remotes: tuple[str, ...] = ()
    """Where NB and SB are served beside their unix sockets; empty: on the usual ports, if they are free."""

    @property
    def paths(self) -> LabPaths:
        """The files of the data directory."""
        return LabPaths(self.data_directory)

    def chassis_names(self) -> list[str]:
        """compute1 ... computeN."""
        return [f"compute{number}" for number in range(1, self.chassis + 1)]
