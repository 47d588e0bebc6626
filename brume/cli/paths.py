"""Where a cloud keeps its state: one directory, and the names of the files in it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import ClassVar


def default_data_directory() -> Path:
    """BRUME_DATA_DIR if set, else `brume` under XDG_STATE_HOME (XDG Base Directory Specification)."""
    return _chosen("BRUME_DATA_DIR") or _state() / "brume"


def default_lab_directory() -> Path:
    """BRUME_OVN_DATA_DIR if set, else `brume/ovn` under XDG_STATE_HOME."""
    return _chosen("BRUME_OVN_DATA_DIR") or _state() / "brume" / "ovn"


def _chosen(variable: str) -> Path | None:
    chosen = os.environ.get(variable)
    return Path(chosen) if chosen else None


def _state() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")


class Paths:
    """The files of one data directory."""

    WHAT: ClassVar[str] = "cloud"
    START: ClassVar[str] = "brume up"
    """What runs with such a directory, and the command that starts it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.northbound = directory / "ovnnb_db.db"
        self.southbound = directory / "ovnsb_db.db"
        self.northbound_socket = directory / "ovnnb_db.sock"
        self.southbound_socket = directory / "ovnsb_db.sock"
        self.authority = directory / "pki"
        self.control_socket = directory / "control.sock"
        self.process_id = directory / "brume.pid"
        self.lock = directory / "brume.lock"
        self.log = directory / "brume.log"
        self.database = directory / "cloud.db"
        self.keys = directory / "fernet-keys"
        self.images = directory / "images"
        self.secrets = directory / "secrets.json"
        self.clouds_yaml = directory / "clouds.yaml"
        self.openrc = directory / "admin-openrc.sh"

    def ensure(self) -> None:
        """Make the directory, readable by its owner only; OSError if it is not there or may not be written, or if
        others may write there too: they could put their own files, or links, in the place of the cloud's."""
        for directory in (*reversed(self.directory.parents), self.directory):
            if not directory.exists():  # a lab's default lies in a cloud's: both are their owner's only
                directory.mkdir(mode=0o700, exist_ok=True)
        self.directory.mkdir(exist_ok=True)
        if not os.access(self.directory, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.directory))
        if self.directory.stat().st_mode & stat.S_IWOTH:
            raise PermissionError(errno.EPERM, "everybody may write there", str(self.directory))


class LabPaths(Paths):
    """The files of a lab's data directory."""

    WHAT: ClassVar[str] = "lab"
    START: ClassVar[str] = "brume ovn"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.bindings = directory / "bindings.json"


def socket_address(path: Path) -> tuple[str, int]:
    """An address for a Unix socket however long its path is: sun_path has 108 bytes, so the directory is opened
    and named by its descriptor (unix(7), proc(5)). Returns the address and the descriptor to close afterwards.
    """
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    return f"/proc/self/fd/{directory}/{path.name}", directory
