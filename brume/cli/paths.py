"""Where a cloud keeps its state: one directory, and the names of the files in it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def default_data_directory() -> Path:
    """BRUME_DATA_DIR if set, else `brume` under XDG_STATE_HOME (XDG Base Directory Specification)."""
    chosen = os.environ.get("BRUME_DATA_DIR")
    if chosen:
        return Path(chosen)
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "brume"


class Paths:
    """The files of one data directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
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
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(self.directory, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.directory))
        if self.directory.stat().st_mode & stat.S_IWOTH:
            raise PermissionError(errno.EPERM, "everybody may write there", str(self.directory))


def socket_address(path: Path) -> tuple[str, int]:
    """An address for a Unix socket however long its path is: sun_path has 108 bytes, so the directory is opened
    and named by its descriptor (unix(7), proc(5)). Returns the address and the descriptor to close afterwards.
    """
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    return f"/proc/self/fd/{directory}/{path.name}", directory
