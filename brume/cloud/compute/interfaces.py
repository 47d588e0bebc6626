"""A server's ports: which networks it joins, its fixed and floating addresses, its security groups.

A port that was made for a server goes with it; a port that a user made and lent to it is only unplugged
(`Server.lent_ports`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from brume.cloud.compute.resources import Server
from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, Conflict, NotFound
from brume.cloud.network import floating_ips, ports
from brume.cloud.network.resources import FixedIp, FloatingIp, Network, Port, SecurityGroup
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session


class InterfaceWish(NamedTuple):
    """One wanted interface: a network (with a fixed address, or any), or a port that is there already."""

    network_id: str | None = None
    port_id: str | None = None
    fixed_ip: str | None = None


class NetworkAmbiguous(Conflict):
    template = "Multiple possible networks found, use a Network ID to be more specific."


class PortInUse(Conflict):
    template = "Port {port_id} is still in use."


class PortNotFound(NotFound):
    template = "Port id {port_id} could not be found."


class PortUnknown(BadRequest):
    template = "Port id {port_id} could not be found."


class NetworkUnknown(BadRequest):
    template = "Network {network_id} could not be found."


class FloatingIpNotFound(NotFound):
    template = "Floating IP not found for address {address}."


class Plugging(NamedTuple):
    """What plugging needs beside the server: the network's settings, and the groups for ports made here (ids)."""

    settings: NetworkSettings
    groups: tuple[str, ...] | None = None


def ports_of(session: Session, server_ids: Iterable[str]) -> dict[str, list[Port]]:
    """The ports of each of these servers, oldest first, in one query."""
    wanted = tuple(server_ids)
    found: dict[str, list[Port]] = {server_id: [] for server_id in wanted}
    for port in session.find(Port, device_id=wanted) if wanted else ():
        found[port.device_id].append(port)
    for group in found.values():
        group.sort(key=lambda port: (port.created_at, port.id))
    return found


def usable_networks(context: RequestContext, session: Session) -> list[Network]:
    """The networks a server of this project may join without naming one."""
    own = session.find(Network, project_id=context.project_id or "", router_external=False)
    shared = [network for network in session.find(Network, shared=True) if not network.router_external]
    return own + [network for network in shared if network.project_id != context.project_id]


def only_network(context: RequestContext, session: Session) -> list[InterfaceWish]:
    """The wish of a request that names no network: the only one there is, or none if there is none."""
    found = usable_networks(context, session)
    if len(found) > 1:
        raise NetworkAmbiguous()
    return [InterfaceWish(network_id=network.id) for network in found]


def group_ids(context: RequestContext, session: Session, names: Sequence[str]) -> tuple[str, ...] | None:
    """Security groups by name or id, as Nova takes them; no name: the default group."""
    found = []
    for name in dict.fromkeys(names):
        if name == "default":
            continue
        group = session.get(SecurityGroup, name)
        if group is None or group.project_id != context.project_id:
            named = session.find(SecurityGroup, project_id=context.project_id or "", name=name)
            if len(named) > 1:
                raise Conflict(f"Multiple security groups found matching '{name}'. Use an ID to be more specific.")
            group = named[0] if named else None
        if group is None:
            raise BadRequest(f"Security group {name} not found.")
        found.append(group.id)
    if found and "default" in names:
        default = session.first(SecurityGroup, project_id=context.project_id or "", is_project_default=True)
        found += [default.id] if default is not None else []
    return tuple(found) or None


def plug(context: RequestContext, session: Session, plugging: Plugging, server: Server, wish: InterfaceWish) -> Port:
    """Give the server an interface."""
    bound = {
        "device_id": server.id,
        "device_owner": f"compute:{server.zone or 'nova'}",
        "binding_host_id": server.host or "",
    }
    if wish.port_id is not None:
        port = session.get(Port, wish.port_id)
        if port is None or not (context.is_admin or port.project_id == context.project_id):
            raise PortUnknown(port_id=wish.port_id)
        if port.device_id:
            raise PortInUse(port_id=port.id)
        lend(session, server.id, port.id)
        return ports.update(context, session, plugging.settings, port, bound)
    network = session.get(Network, wish.network_id or "")
    if network is None or not _may_join(context, network):
        raise NetworkUnknown(network_id=wish.network_id)
    values: dict[str, Any] = {
        **bound,
        "network_id": network.id,
        "project_id": server.project_id,
    }
    if wish.fixed_ip is not None:
        values["fixed_ips"] = (FixedIp(ip_address=wish.fixed_ip),)
    if plugging.groups is not None and network.port_security_enabled:
        values["security_groups"] = plugging.groups
    return ports.create(context, session, plugging.settings, values)


def _may_join(context: RequestContext, network: Network) -> bool:
    return context.is_admin or network.shared or network.project_id == context.project_id


def lend(session: Session, server_id: str, port_id: str) -> None:
    """Remember that the port was there before the server."""
    server = session.get(Server, server_id)
    if server is not None:
        session.update(server, lent_ports=(*server.lent_ports, port_id))


def unplug(context: RequestContext, session: Session, settings: NetworkSettings, server: Server, port: Port) -> None:
    """Take an interface away: a port made for the server goes, a lent one is only set free."""
    if port.id not in server.lent_ports:
        ports.delete(context, session, settings, port)
    else:
        free: dict[str, Any] = {"device_id": "", "device_owner": "", "binding_host_id": ""}
        ports.update(context, session, settings, port, free)


def find_port(session: Session, server: Server, port_id: str) -> Port:
    """A port of the server; raises PortNotFound."""
    port = session.get(Port, port_id)
    if port is None or port.device_id != server.id:
        raise PortNotFound(port_id=port_id)
    return port


def floating_of(session: Session, found: Iterable[Port]) -> dict[tuple[str, str], list[FloatingIp]]:
    """The floating IPs of these ports, by (port, fixed address)."""
    wanted = tuple(port.id for port in found)
    result: dict[tuple[str, str], list[FloatingIp]] = {}
    for floating in session.find(FloatingIp, port_id=wanted) if wanted else ():
        result.setdefault((floating.port_id or "", floating.fixed_ip_address or ""), []).append(floating)
    return result


def set_floating(
    context: RequestContext,
    session: Session,
    settings: NetworkSettings,
    server: Server,
    address: str,
    fixed: str | None,
    *,
    associate: bool,
) -> None:
    """Associate a floating IP with the server (its first IPv4 address, or `fixed`), or set it free."""
    floating = session.first(FloatingIp, floating_ip_address=address)
    if floating is None or not (context.is_admin or floating.project_id == context.project_id):
        raise FloatingIpNotFound(address=address)
    mine = ports_of(session, [server.id])[server.id]
    if not associate:
        if floating.port_id not in {port.id for port in mine}:
            raise Conflict(f"Floating IP {address} is not associated with instance {server.id}.")
        floating_ips.update(context, session, settings, floating, {"port_id": None})
        return
    for port in mine:
        for own in port.fixed_ips:
            if own.ip_address == fixed or (fixed is None and ":" not in own.ip_address):
                values = {"port_id": port.id, "fixed_ip_address": own.ip_address}
                floating_ips.update(context, session, settings, floating, values)
                return
    raise BadRequest("No fixed IPs associated to instance" if fixed is None else "Specified fixed address not assigned")


def set_group(
    context: RequestContext, session: Session, settings: NetworkSettings, server: Server, name: str, *, member: bool
) -> None:
    """Put all the server's ports into a security group, or take them out."""
    group = session.get(SecurityGroup, name) or session.first(SecurityGroup, project_id=server.project_id, name=name)
    if group is None or group.project_id != server.project_id:
        raise NotFound(f"Security group {name} not found for project {server.project_id}.")
    found = [port for port in ports_of(session, [server.id])[server.id] if port.port_security_enabled]
    if not member and all(group.id not in port.security_groups for port in found):
        raise NotFound(f"Security group {group.id} not associated with the instance {server.id}")
    for port in found:
        others = tuple(other for other in port.security_groups if other != group.id)
        wanted = (*others, group.id) if member else others
        if set(wanted) != set(port.security_groups):
            ports.update(context, session, settings, port, {"security_groups": wanted})
