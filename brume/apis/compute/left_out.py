"""What Nova has and this cloud leaves out: each says so.

A collection of which there truly is none (host aggregates, migrations, volumes of a server) is listed as empty, since
clients look there on their way to something else; making one is answered 501. Proxies for the network and image
services are there until 2.35, as in Nova, and send their users to those services.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from brume.apis.compute.policy import ROOT
from brume.apis.compute.servers import find
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import LeftOut, Route
from brume.cloud.errors import NotFound

PROXIES_UNTIL = "2.35"
PROXIES = {
    "images": "the image proxy of compute; ask the image service",
    "os-fixed-ips": "fixed IPs of compute; ask the network service",
    "os-floating-ip-pools": "the floating IP proxy of compute; ask the network service",
    "os-floating-ips": "the floating IP proxy of compute; ask the network service",
    "os-networks": "the network proxy of compute; ask the network service",
    "os-security-group-rules": "the security group proxy of compute; ask the network service",
    "os-security-groups": "the security group proxy of compute; ask the network service",
    "os-tenant-networks": "the network proxy of compute; ask the network service",
    "os-volumes": "volumes",
    "os-snapshots": "snapshots of volumes",
}
COLLECTIONS = {
    "os-assisted-volume-snapshots": "snapshots of volumes",
    "os-baremetal-nodes": "bare metal nodes",
    "os-console-auth-tokens": "graphical consoles",
    "os-instance_usage_audit_log": "the audit log of usage",
    "os-server-external-events": "events from other services",
    "os-simple-tenant-usage": "usage over time",
}
OF_SERVERS = {
    "diagnostics": "diagnostics",
    "migrations": "migrations",
    "os-server-password": "passwords of servers",
    "remote-consoles": "graphical consoles",
    "topology": "NUMA topology",
}
METHODS = ("GET", "POST", "PUT", "DELETE")
RULES = {
    "os-instance_usage_audit_log": f"{ROOT}os-instance-usage-audit-log:list",
    "os-server-external-events": f"{ROOT}os-server-external-events:create",
}


def routes() -> Iterator[Route]:
    """The routes of everything that is left out."""
    for name, what in PROXIES.items():
        yield from _collection(f"/v2.1/{name}", what, until=PROXIES_UNTIL)
    for name, what in COLLECTIONS.items():
        yield from _collection(f"/v2.1/{name}", what, rule=RULES.get(name))
    yield from _collection(
        "/v2.1/os-hosts", "hosts; ask for compute services and hypervisors", rule=f"{ROOT}os-hosts:list", until="2.42"
    )
    yield from _empty("os-aggregates", "aggregates", "host aggregates", rule=f"{ROOT}os-aggregates:index")
    yield from _empty("os-server-groups", "server_groups", "server groups", rule=f"{ROOT}os-server-groups:index")
    yield Route("GET", "/v2.1/os-migrations", lambda request: {"migrations": []}, rule=f"{ROOT}os-migrations:index")
    for name, what in OF_SERVERS.items():
        yield from _collection(f"/v2.1/servers/{{server_id}}/{name}", what)
    volumes = "/v2.1/servers/{server_id}/os-volume_attachments"
    yield Route("GET", volumes, _no_volumes, rule=f"{ROOT}os-volumes-attachments:index")
    yield Route("POST", volumes, LeftOut("volumes"))
    yield from (Route(method, f"{volumes}/{{id}}", _none_of_them) for method in ("GET", "PUT", "DELETE"))


def _rest(path: str) -> Iterator[tuple[str, str]]:
    """Everything but the list."""
    yield "POST", path
    for method in METHODS:
        yield method, f"{path}/{{id}}"


def _collection(path: str, what: str, *, rule: str | None = None, until: str | None = None) -> Iterator[Route]:
    """A collection, its members, and what may stand behind them."""
    for method, one in (("GET", path), *_rest(path)):
        yield Route(method, one, LeftOut(what), rule=rule, until=until)
    yield Route("POST", f"{path}/{{id}}/action", LeftOut(what), rule=rule, until=until)


def _empty(path: str, name: str, what: str, *, rule: str) -> Iterator[Route]:
    """A collection of which there is none, and none can be made."""
    yield Route("GET", f"/v2.1/{path}", lambda request: {name: []}, rule=rule)
    yield Route("POST", f"/v2.1/{path}", LeftOut(what), rule=rule)
    for method in ("GET", "PUT", "DELETE"):
        yield Route(method, f"/v2.1/{path}/{{id}}", _none_of_them, rule=rule)
    yield Route("POST", f"/v2.1/{path}/{{id}}/action", _none_of_them, rule=rule)


def _none_of_them(request: Request) -> None:
    """A member of an empty collection."""
    raise NotFound(f"{request.parameters['id']} could not be found.")


def _no_volumes(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/os-volume_attachments"""
    find(request)
    return {"volumeAttachments": []}
