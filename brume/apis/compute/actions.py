"""POST /servers/{server_id}/action: one function an action, found by the one name in the body.

An action of Nova that is not here answers 501, after 404 for a server that does not exist; one that a microversion
has no more answers 404; a word that is no action at all answers 400. Reading the body comes before looking for the
server, as in Nova.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from brume.apis.compute.body import Body, invalid
from brume.apis.compute.policy import ROOT
from brume.apis.compute.query import Version, version_of
from brume.apis.compute.servers import find
from brume.apis.rest.messages import Request, Response
from brume.cloud.compute import creation, interfaces, reaching, servers
from brume.cloud.compute.interfaces import InterfaceWish, Plugging
from brume.cloud.compute.resources import Server
from brume.cloud.errors import BadRequest, Conflict, NotFound, NotImplementedHere
from brume.cloud.network.settings import NetworkSettings

Perform = Callable[[Request, Server, Any], Response | None]
"""(request, server, what was read of the body) -> the answer; None is 202."""


class Action(NamedTuple):
    """Who may do an action, and how it is read and done."""

    rule: str
    perform: Perform
    read: Callable[[Version, str, Any], Any] = lambda version, name, given: None
    """(microversion, name, what the body says under it) -> what `perform` needs; raises BadRequest."""
    until: Version = (2, 1000)


class Consoles:
    """Where a server's console output comes from: a function from its id to all lines so far."""

    def __init__(self, output: Callable[[str], list[str]]) -> None:
        self.output = output


def perform(request: Request) -> Response:
    """POST /servers/{server_id}/action"""
    body = request.json() if request.body else None
    if not isinstance(body, dict) or len(body) != 1:
        raise BadRequest("Malformed request body")
    ((name, given),) = body.items()
    if name in ELSEWHERE:
        find(request)
        raise NotImplementedHere("The requested functionality is not supported.")
    action = ACTIONS.get(name)
    if action is None:
        raise BadRequest(f"There is no such action: {name}")
    if version_of(request) > action.until:
        raise NotFound()
    wanted = action.read(version_of(request), name, given)
    server = find(request)
    request.service.policy.enforce(ROOT + action.rule, request.context, {"project_id": server.project_id})
    return action.perform(request, server, wanted) or Response(202)


# -- running


def _stop(request: Request, server: Server, wanted: Any) -> None:
    servers.stop(request.context, request.session, server)


def _start(request: Request, server: Server, wanted: Any) -> None:
    servers.start(request.context, request.session, server)


def _read_reboot(version: Version, name: str, given: Any) -> bool:
    body = Body(name, given)
    kind = body.choice("type", ("HARD", "Hard", "hard", "SOFT", "Soft", "soft"), required=True)
    body.finish()
    return kind is not None and kind.upper() == "HARD"


def _reboot(request: Request, server: Server, hard: bool) -> None:
    servers.reboot(request.context, request.session, server, hard)


def _read_lock(version: Version, name: str, given: Any) -> str | None:
    if given is None or version < (2, 73):
        return None
    body = Body(name, given)
    reason = body.text("locked_reason", shortest=1, longest=255)
    body.finish()
    return reason


def _lock(request: Request, server: Server, reason: str | None) -> None:
    servers.lock(request.context, request.session, server, reason)


def _unlock(request: Request, server: Server, wanted: Any) -> None:
    servers.unlock(request.context, request.session, server)


def _read_state(version: Version, name: str, given: Any) -> str | None:
    body = Body(name, given)
    state = body.choice("state", ("active", "error"), required=True)
    body.finish()
    return state


def _reset_state(request: Request, server: Server, state: str) -> None:
    servers.reset_state(request.context, request.session, server, state)


def _force_delete(request: Request, server: Server, wanted: Any) -> None:
    creation.delete_server(request.context, request.session, request.cloud.need(NetworkSettings), server)


# -- addresses and groups


def _read_add_floating(version: Version, name: str, given: Any) -> tuple[str | None, str | None]:
    body = Body(name, given)
    address, fixed = body.address("address", required=True), body.address("fixed_address")
    body.finish()
    return address, fixed


def _read_address(version: Version, name: str, given: Any) -> str | None:
    body = Body(name, given)
    address = body.address("address", required=True)
    body.finish()
    return address


def _add_floating_ip(request: Request, server: Server, wanted: tuple[str, str | None]) -> None:
    settings = request.cloud.need(NetworkSettings)
    reaching.add_floating(request.context, request.session, settings, server, *wanted)


def _remove_floating_ip(request: Request, server: Server, address: str) -> None:
    settings = request.cloud.need(NetworkSettings)
    reaching.remove_floating(request.context, request.session, settings, server, address)


def _read_network(version: Version, name: str, given: Any) -> str | None:
    body = Body(name, given)
    network_id = body.identifier("networkId", required=True)
    body.finish()
    return network_id


def _add_fixed_ip(request: Request, server: Server, network_id: str) -> None:
    """Another interface on the network."""
    servers.require(request.context, server, "add_fixed_ip", *servers.SETTLED)
    plugging = Plugging(request.cloud.need(NetworkSettings))
    interfaces.plug(request.context, request.session, plugging, server, InterfaceWish(network_id=network_id))


def _remove_fixed_ip(request: Request, server: Server, address: str) -> None:
    """The interface that has the address goes."""
    servers.require(request.context, server, "remove_fixed_ip", *servers.SETTLED)
    for port in interfaces.ports_of_server(request.session, server):
        if any(fixed.ip_address == address for fixed in port.fixed_ips):
            interfaces.unplug(request.context, request.session, request.cloud.need(NetworkSettings), server, port)
            return
    raise BadRequest(f"Instance {server.id} doesn't have fixed IP '{address}'.")


def _read_group(version: Version, name: str, given: Any) -> str:
    if not isinstance(given, dict):
        raise BadRequest("Missing parameter dict")
    if "name" not in given:
        raise BadRequest("Security group not specified")
    group = given["name"]
    if not isinstance(group, str):
        raise invalid("name", group, f"{group!r} is not of type 'string'")
    if not group.strip():
        raise BadRequest("Security group name cannot be empty")
    return group


def _add_security_group(request: Request, server: Server, name: str) -> None:
    settings = request.cloud.need(NetworkSettings)
    reaching.set_group(request.context, request.session, settings, server, name, member=True)


def _remove_security_group(request: Request, server: Server, name: str) -> None:
    settings = request.cloud.need(NetworkSettings)
    reaching.set_group(request.context, request.session, settings, server, name, member=False)


# -- console


def _read_length(version: Version, name: str, given: Any) -> int | None:
    """How many lines at the end; None and -1 mean all."""
    body = Body(name, given)
    length = None if body.raw("length") is None else body.integer("length", least=-1)
    body.finish()
    return None if length == -1 else length


def _console_output(request: Request, server: Server, length: int | None) -> Response:
    if server.vm_state == "building" or server.host is None:
        raise Conflict(f"Instance {server.id} is not ready")
    lines = request.cloud.need(Consoles).output(server.id)
    wanted = lines if length is None else lines[-length:] if length else []
    return Response(200, {"output": "\n".join(wanted)})


ACTIONS: dict[str, Action] = {
    "os-start": Action("servers:start", _start),
    "os-stop": Action("servers:stop", _stop),
    "reboot": Action("servers:reboot", _reboot, _read_reboot),
    "lock": Action("os-lock-server:lock", _lock, _read_lock),
    "unlock": Action("os-lock-server:unlock", _unlock),
    "os-resetState": Action("os-admin-actions:reset_state", _reset_state, _read_state),
    "forceDelete": Action("os-deferred-delete:force", _force_delete),
    "addFloatingIp": Action("os-floating-ips:add", _add_floating_ip, _read_add_floating, until=(2, 43)),
    "removeFloatingIp": Action("os-floating-ips:remove", _remove_floating_ip, _read_address, until=(2, 43)),
    "addFixedIp": Action("os-multinic:add", _add_fixed_ip, _read_network, until=(2, 43)),
    "removeFixedIp": Action("os-multinic:remove", _remove_fixed_ip, _read_address, until=(2, 43)),
    "addSecurityGroup": Action("os-security-groups:add", _add_security_group, _read_group),
    "removeSecurityGroup": Action("os-security-groups:remove", _remove_security_group, _read_group),
    "os-getConsoleOutput": Action("os-console-output", _console_output, _read_length),
}

ELSEWHERE = frozenset(
    (
        *("changePassword", "confirmResize", "createBackup", "createImage", "evacuate", "migrate", "os-migrateLive"),
        *("os-getRDPConsole", "os-getSPICEConsole", "os-getSerialConsole", "os-getVNCConsole", "injectNetworkInfo"),
        *("pause", "rebuild", "rescue", "resetNetwork", "resize", "restore", "resume", "revertResize", "shelve"),
        *("shelveOffload", "suspend", "trigger_crash_dump", "unpause", "unrescue", "unshelve"),
    )
)
"""Nova's other actions."""
