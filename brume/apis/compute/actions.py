"""POST /servers/{server_id}/action: one function an action, found by the one name in the body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brume.apis.compute.body import Body
from brume.apis.compute.servers import find
from brume.apis.rest.messages import Request, Response
from brume.cloud.compute import interfaces, servers
from brume.cloud.compute.interfaces import InterfaceWish, Plugging
from brume.cloud.compute.resources import Server
from brume.cloud.errors import BadRequest, Conflict
from brume.cloud.network.settings import NetworkSettings

Action = Callable[[Request, Server, Any], Response | None]
"""(request, server, what the body says under the action's name) -> the answer; None is 202."""

CONSOLE_LINES = 1000


class Consoles:
    """Where a server's console output comes from: a function from its id to all lines so far."""

    def __init__(self, output: Callable[[str], list[str]]) -> None:
        self.output = output


def perform(request: Request) -> Response:
    """POST /servers/{server_id}/action"""
    body = request.object()
    names = [name for name in body if name in ACTIONS]
    if len(names) != 1 or len(body) != 1:
        raise BadRequest(f"There is no such action: {', '.join(body)}")
    server = find(request)
    return ACTIONS[names[0]](request, server, body[names[0]]) or Response(202)


def _stop(request: Request, server: Server, given: Any) -> None:
    servers.stop(request.context, request.session, server)


def _start(request: Request, server: Server, given: Any) -> None:
    servers.start(request.context, request.session, server)


def _reboot(request: Request, server: Server, given: Any) -> None:
    kind = given.get("type") if isinstance(given, dict) else None
    if not isinstance(kind, str) or kind.upper() not in ("SOFT", "HARD"):
        raise BadRequest(f"Invalid input for field/attribute type. Value: {kind}. It must be SOFT or HARD.")
    servers.reboot(request.context, request.session, server, kind.upper() == "HARD")


def _lock(request: Request, server: Server, given: Any) -> None:
    reason = given.get("locked_reason") if isinstance(given, dict) else None
    servers.lock(request.context, request.session, server, reason)


def _unlock(request: Request, server: Server, given: Any) -> None:
    servers.unlock(request.context, request.session, server)


def _reset_state(request: Request, server: Server, given: Any) -> None:
    state = given.get("state") if isinstance(given, dict) else None
    if state not in ("active", "error"):
        raise BadRequest(f"Invalid input for field/attribute state. Value: {state}. It must be active or error.")
    servers.reset_state(request.context, request.session, server, state)


def _add_floating_ip(request: Request, server: Server, given: Any) -> None:
    _floating_ip(request, server, given, associate=True)


def _remove_floating_ip(request: Request, server: Server, given: Any) -> None:
    _floating_ip(request, server, given, associate=False)


def _floating_ip(request: Request, server: Server, given: Any, *, associate: bool) -> None:
    """addFloatingIp and removeFloatingIp (until 2.43)."""
    body = Body("addFloatingIp" if associate else "removeFloatingIp", _object(given))
    address, fixed = body.text("address", required=True), body.text("fixed_address", nullable=True)
    body.finish()
    settings = request.cloud.need(NetworkSettings)
    interfaces.set_floating(
        request.context, request.session, settings, server, address or "", fixed, associate=associate
    )


def _add_fixed_ip(request: Request, server: Server, given: Any) -> None:
    """addFixedIp (until 2.43): another interface on the network."""
    network_id = _object(given).get("networkId")
    plugging = Plugging(request.cloud.need(NetworkSettings))
    wish = InterfaceWish(network_id=str(network_id))
    interfaces.plug(request.context, request.session, plugging, server, wish)


def _remove_fixed_ip(request: Request, server: Server, given: Any) -> None:
    """removeFixedIp (until 2.43): the interface that has the address."""
    address = _object(given).get("address")
    for port in interfaces.ports_of(request.session, [server.id])[server.id]:
        if any(fixed.ip_address == address for fixed in port.fixed_ips):
            interfaces.unplug(request.context, request.session, request.cloud.need(NetworkSettings), server, port)
            return
    raise BadRequest(f"Fixed IP {address} not found on server {server.id}.")


def _add_security_group(request: Request, server: Server, given: Any) -> None:
    _security_group(request, server, given, member=True)


def _remove_security_group(request: Request, server: Server, given: Any) -> None:
    _security_group(request, server, given, member=False)


def _security_group(request: Request, server: Server, given: Any, *, member: bool) -> None:
    name = _object(given).get("name")
    if not isinstance(name, str) or not name.strip():
        raise BadRequest("Missing parameter: the name of a security group.")
    settings = request.cloud.need(NetworkSettings)
    interfaces.set_group(request.context, request.session, settings, server, name, member=member)


def _console_output(request: Request, server: Server, given: Any) -> Response:
    if server.vm_state == "building":
        raise Conflict(f"Instance {server.id} is not ready")
    lines = request.cloud.need(Consoles).output(server.id)
    body = Body("os-getConsoleOutput", given or {})
    wanted = body.integer("length", default=CONSOLE_LINES) if body.raw("length") is not None else CONSOLE_LINES
    text = "\n".join(lines[-wanted:] if wanted > 0 else lines) + "\n"
    return Response(200, {"output": text})


def _object(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise BadRequest(f"Invalid input: an object was expected, not {given!r}")
    return given


ACTIONS: dict[str, Action] = {
    "os-start": _start,
    "os-stop": _stop,
    "reboot": _reboot,
    "lock": _lock,
    "unlock": _unlock,
    "os-resetState": _reset_state,
    "addFloatingIp": _add_floating_ip,
    "removeFloatingIp": _remove_floating_ip,
    "addFixedIp": _add_fixed_ip,
    "removeFixedIp": _remove_fixed_ip,
    "addSecurityGroup": _add_security_group,
    "removeSecurityGroup": _remove_security_group,
    "os-getConsoleOutput": _console_output,
}
