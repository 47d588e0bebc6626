"""How a server is reached and what reaches it: floating IPs and security groups of its ports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from brume.cloud.compute.interfaces import ports_of_server
from brume.cloud.compute.resources import Server
from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, CloudError, Conflict, NotFound
from brume.cloud.network import floating_ips, ports
from brume.cloud.network.resources import FloatingIp, Port, SecurityGroup
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session


class FloatingIpNotFound(NotFound):
    template = "floating IP not found"


class GroupAmbiguous(Conflict):
    template = "Multiple security groups found matching '{name}'. Use an ID to be more specific."


def floating_of(session: Session, found: Iterable[Port]) -> dict[tuple[str, str], list[FloatingIp]]:
    """The floating IPs of these ports, by (port, fixed address)."""
    wanted = tuple(port.id for port in found)
    result: dict[tuple[str, str], list[FloatingIp]] = {}
    for floating in session.find(FloatingIp, port_id=wanted) if wanted else ():
        result.setdefault((floating.port_id or "", floating.fixed_ip_address or ""), []).append(floating)
    return result


def _floating(context: RequestContext, session: Session, address: str) -> FloatingIp:
    floating = session.first(FloatingIp, floating_ip_address=address)
    if floating is None or not (context.is_admin or floating.project_id == context.project_id):
        raise FloatingIpNotFound()
    return floating


def add_floating(
    context: RequestContext,
    session: Session,
    settings: NetworkSettings,
    server: Server,
    address: str,
    fixed: str | None,
) -> None:
    """Associate a floating IP with the server's first IPv4 address, or with `fixed`."""
    mine = [(port, own.ip_address) for port in ports_of_server(session, server) for own in port.fixed_ips]
    if not mine:
        raise BadRequest("No fixed IPs associated to instance")
    fitting = [one for one in mine if (":" not in one[1] if fixed is None else one[1] == fixed)]
    if not fitting and fixed is not None:
        raise BadRequest("Specified fixed address not assigned to instance")
    if not fitting:
        raise BadRequest(
            f"Unable to associate floating IP {address} to any fixed IPs for instance {server.id}. "
            "Instance has no fixed IPv4 addresses to associate."
        )
    port, inside = fitting[0]
    floating = _floating(context, session, address)
    try:
        values = {"port_id": port.id, "fixed_ip_address": inside}
        floating_ips.update(context, session, settings, floating, values)
    except CloudError as error:  # Nova answers 400 whatever the network says
        raise BadRequest(
            f"Unable to associate floating IP {address} to fixed IP {inside} for instance {server.id}. "
            f"Error: {error.message}"
        ) from error


def remove_floating(
    context: RequestContext, session: Session, settings: NetworkSettings, server: Server, address: str
) -> None:
    """Set a floating IP of the server free."""
    floating = _floating(context, session, address)
    if floating.port_id not in {port.id for port in ports_of_server(session, server)}:
        raise Conflict(f"Floating IP {address} is not associated with instance {server.id}.")
    floating_ips.update(context, session, settings, floating, {"port_id": None})


def group_ids(context: RequestContext, session: Session, names: Sequence[str]) -> tuple[str, ...] | None:
    """Security groups by name or id, as Nova takes them; no name: the default group."""
    found = []
    for name in dict.fromkeys(names):
        if name == "default":
            continue
        group = _group(session, context.project_id or "", name)
        if group is None:
            raise BadRequest(f"Security group {name} not found.")
        found.append(group.id)
    if found and "default" in names:
        default = session.first(SecurityGroup, project_id=context.project_id or "", is_project_default=True)
        found += [default.id] if default is not None else []
    return tuple(found) or None


def _group(session: Session, project_id: str, name: str) -> SecurityGroup | None:
    """A project's group by id or name; raises GroupAmbiguous."""
    group = session.get(SecurityGroup, name)
    if group is not None and group.project_id == project_id:
        return group
    named = session.find(SecurityGroup, project_id=project_id, name=name)
    if len(named) > 1:
        raise GroupAmbiguous(name=name)
    return named[0] if named else None


def set_group(
    context: RequestContext, session: Session, settings: NetworkSettings, server: Server, name: str, *, member: bool
) -> None:
    """Put all the server's ports into a security group, or take them out."""
    group = _group(session, server.project_id, name)
    if group is None:
        raise NotFound(f"Security group {name} not found for project {server.project_id}.")
    every = ports_of_server(session, server)
    found = [port for port in every if port.port_security_enabled and port.fixed_ips]
    if member and len(found) < len(every):
        raise BadRequest(
            "Network requires port_security_enabled and subnet associated in order to apply security groups."
        )
    if not member and all(group.id not in port.security_groups for port in found):
        raise NotFound(f"Security group {group.id} not associated with the instance {server.id}")
    for port in found:
        others = tuple(other for other in port.security_groups if other != group.id)
        wanted = (*others, group.id) if member else others
        if set(wanted) != set(port.security_groups):
            ports.update(context, session, settings, port, {"security_groups": wanted})
