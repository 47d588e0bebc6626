"""What compute stores. Attributes and their microversions: OpenStack Compute API.

Nova's faces differ by microversion and do not follow the stored fields one to one, so these rows carry names of our
own where Nova's JSON is nested; `apis.compute` renders them.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from brume.cloud.resource import Attribute, Resource, resource


@resource("flavor", "flavors", unique=(("name",),))
class Flavor(Resource, frozen=True, kw_only=True):
    """A size of server."""

    id: Annotated[str, Attribute(length=255)]
    name: Annotated[str, Attribute(length=255)]
    ram: Annotated[int, Attribute()]
    """MiB."""
    vcpus: Annotated[int, Attribute()]
    disk: Annotated[int, Attribute()]
    """GiB."""
    ephemeral: Annotated[int, Attribute()] = 0
    swap: Annotated[int, Attribute()] = 0
    rxtx_factor: Annotated[float, Attribute()] = 1.0
    is_public: Annotated[bool, Attribute()] = True
    disabled: Annotated[bool, Attribute()] = False
    description: Annotated[str | None, Attribute(length=65535)] = None
    extra_specs: Annotated[dict[str, str], Attribute()] = msgspec.field(default_factory=dict)
    projects: Annotated[tuple[str, ...], Attribute()] = ()
    """Projects that may use a flavor that is not public."""


@resource("keypair", "keypairs", key=("user_id", "name"))
class Keypair(Resource, frozen=True, kw_only=True):
    """A public key that servers are given."""

    user_id: Annotated[str, Attribute(length=64)]
    name: Annotated[str, Attribute(length=255)]
    type: Annotated[str, Attribute(length=16)] = "ssh"
    public_key: Annotated[str, Attribute(length=65535)]
    fingerprint: Annotated[str, Attribute(length=255)]
    created_at: Annotated[str, Attribute(length=32)]


@resource("node", "nodes", table="compute_nodes", unique=(("host",),))
class Node(Resource, frozen=True, kw_only=True):
    """A compute service and the hypervisor it runs: one node."""

    id: Annotated[str, Attribute(length=36)]
    """The hypervisor's and the service's UUID."""
    number: Annotated[int, Attribute()]
    """Their integer id, before microversion 2.53."""
    host: Annotated[str, Attribute(length=255)]
    zone: Annotated[str, Attribute(length=255)] = "nova"
    enabled: Annotated[bool, Attribute()] = True
    disabled_reason: Annotated[str | None, Attribute(length=255)] = None
    forced_down: Annotated[bool, Attribute()] = False
    vcpus: Annotated[int, Attribute()] = 64
    ram: Annotated[int, Attribute()] = 262_144
    """MiB."""
    disk: Annotated[int, Attribute()] = 4_096
    """GiB."""
    address: Annotated[str, Attribute(length=64)] = ""
    reported_at: Annotated[float, Attribute()] = 0.0
    """When the node last said that it lives (observed)."""


@resource("server", "servers", indexes=(("project_id", "created_at"), ("host",)))
class Server(Resource, frozen=True, kw_only=True):
    """A server: what its owner asked for, and what was reported of it."""

    id: Annotated[str, Attribute(length=36)]
    name: Annotated[str, Attribute(length=255)]
    project_id: Annotated[str, Attribute(length=64)]
    user_id: Annotated[str, Attribute(length=64)]
    image_id: Annotated[str | None, Attribute(length=36)] = None
    flavor: Annotated[dict[str, Any], Attribute()]
    """The flavor as it was when the server was made (Nova embeds it)."""
    host: Annotated[str | None, Attribute(length=255)] = None
    zone: Annotated[str | None, Attribute(length=255)] = None
    """The zone it is in."""
    pinned_zone: Annotated[str | None, Attribute(length=255)] = None
    """The zone its request named."""
    vm_state: Annotated[str, Attribute(length=32)] = "building"
    """building, active, stopped, error (Nova's vm_states)."""
    task_state: Annotated[str | None, Attribute(length=32)] = None
    """What is under way: spawning, powering-off, powering-on, rebooting, deleting (Nova's task_states)."""
    power_state: Annotated[int, Attribute()] = 0
    """0 none, 1 running, 4 shut down (Nova's power_state)."""
    fault: Annotated[dict[str, Any] | None, Attribute()] = None
    key_name: Annotated[str | None, Attribute(length=255)] = None
    metadata: Annotated[dict[str, str], Attribute()] = msgspec.field(default_factory=dict)
    tags: Annotated[tuple[str, ...], Attribute()] = ()
    description: Annotated[str | None, Attribute(length=255)] = None
    config_drive: Annotated[bool, Attribute()] = False
    disk_config: Annotated[str, Attribute(length=16)] = "MANUAL"
    user_data: Annotated[str | None, Attribute(length=65535)] = None
    locked: Annotated[bool, Attribute()] = False
    locked_reason: Annotated[str | None, Attribute(length=255)] = None
    access_ipv4: Annotated[str, Attribute(length=64)] = ""
    access_ipv6: Annotated[str, Attribute(length=64)] = ""
    hostname: Annotated[str, Attribute(length=255)] = ""
    reservation_id: Annotated[str, Attribute(length=64)] = ""
    launch_index: Annotated[int, Attribute()] = 0
    lent_ports: Annotated[tuple[str, ...], Attribute()] = ()
    """Ports that were there before the server, and stay when it goes."""
    interface_order: Annotated[tuple[str, ...], Attribute()] = ()
    """Its ports in the order in which it got them."""
    generation: Annotated[int, Attribute()] = 0
    """Raised by each reboot: an agent starts the server again when it differs from what it started."""
    created_at: Annotated[str, Attribute(length=32)]
    updated_at: Annotated[str, Attribute(length=32)]
    launched_at: Annotated[str | None, Attribute(length=32)] = None


@resource("action", "actions", table="server_actions", key=("server_id", "request_id"))
class ServerAction(Resource, frozen=True, kw_only=True):
    """What was done to a server, by which request."""

    server_id: Annotated[str, Attribute(length=36)]
    request_id: Annotated[str, Attribute(length=64)]
    action: Annotated[str, Attribute(length=64)]
    user_id: Annotated[str, Attribute(length=64)]
    project_id: Annotated[str, Attribute(length=64)]
    started_at: Annotated[str, Attribute(length=32)]
    updated_at: Annotated[str, Attribute(length=32)]
    message: Annotated[str | None, Attribute(length=255)] = None
    event: Annotated[str | None, Attribute(length=64)] = None
    """What the node does for it, if it has to do something: "compute_stop_instance"."""
    host: Annotated[str | None, Attribute(length=255)] = None
    finished_at: Annotated[str | None, Attribute(length=32)] = None
    result: Annotated[str | None, Attribute(length=16)] = None
    """Success or Error, once the node has reported."""
