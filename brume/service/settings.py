"""What can be chosen for a cloud, the secrets that are generated for it, and the files that tell clients.

Secrets are made once, kept in `secrets.json` (mode 0600) and never logged. `clouds.yaml` and `admin-openrc.sh` are
written at every start, because the address may have changed; they are replaced whole, so a reader never sees half.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec

from brume.cli.paths import Paths


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The choices `brume up` takes."""

    data_directory: Path
    bind: str = "127.0.0.1"
    port: int = 5000
    nodes: int = 2
    region: str = "RegionOne"
    physical_network: str = "physnet1"
    northbound_remotes: tuple[str, ...] = ()
    southbound_remotes: tuple[str, ...] = ()
    """Where NB and SB are served beside their unix sockets; empty: on the usual ports, if they are free."""
    distributed_floating_ips: bool = False
    """Whether a floating IP's traffic enters and leaves at the server's own node (Neutron's
    `enable_distributed_floating_ip`) or at the router's gateway node."""

    @property
    def paths(self) -> Paths:
        """The files of the data directory."""
        return Paths(self.data_directory)

    @property
    def base_url(self) -> str:
        """Where clients reach this cloud."""
        host = "127.0.0.1" if self.bind in ("0.0.0.0", "::", "") else self.bind
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def node_names(self) -> list[str]:
        """compute1 ... computeN."""
        return [f"compute{number}" for number in range(1, self.nodes + 1)]


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """The generated passwords."""

    admin_password: str
    demo_password: str


def load_secrets(paths: Paths) -> Secrets:
    """The secrets of this data directory, generated the first time."""
    try:
        return msgspec.json.decode(paths.secrets.read_bytes(), type=Secrets)
    except FileNotFoundError:
        made = Secrets(admin_password=secrets.token_urlsafe(18), demo_password=secrets.token_urlsafe(18))
        write_private(paths.secrets, msgspec.json.encode(made))
        return made


def write_private(path: Path, content: bytes) -> None:
    """Replace a file whole, readable and writable by its owner only from its first byte on."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def write_client_files(settings: Settings, known: Secrets) -> None:
    """`clouds.yaml` (clouds brume-admin and brume) and `admin-openrc.sh` in the data directory, mode 0600."""
    paths = settings.paths
    write_private(paths.clouds_yaml, _clouds_yaml(settings, known).encode())
    write_private(paths.openrc, _openrc(settings, known).encode())


def _clouds_yaml(settings: Settings, known: Secrets) -> str:
    return "clouds:\n" + "".join(
        f"""\
  {cloud}:
    auth:
      auth_url: {settings.base_url}/identity/v3
      username: {user}
      password: {password}
      project_name: {project}
      user_domain_name: Default
      project_domain_name: Default
    region_name: {settings.region}
    identity_api_version: 3
"""
        for cloud, user, password, project in (
            ("brume-admin", "admin", known.admin_password, "admin"),
            ("brume", "demo", known.demo_password, "demo"),
        )
    )


def _openrc(settings: Settings, known: Secrets) -> str:
    values = {
        "OS_AUTH_URL": f"{settings.base_url}/identity/v3",
        "OS_USERNAME": "admin",
        "OS_PASSWORD": known.admin_password,
        "OS_PROJECT_NAME": "admin",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": settings.region,
        "OS_IDENTITY_API_VERSION": "3",
    }
    return "unset OS_CLOUD\n" + "".join(f"export {name}={value}\n" for name, value in values.items())
