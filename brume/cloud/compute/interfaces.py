"""A server's ports: which networks it joins, and its fixed addresses.

A port that was made for a server goes with it; a port that a user made and lent to it is only unplugged
(`Server.lent_ports`). Ports stay in the order in which the server got them (`Server.interface_order`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from brume.cloud import errors
from brume.cloud.compute.resources import Server
from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, Conflict, Forbidden, NotFound, OverQuota
from brume.cloud.network import errors as network_errors
from brume.cloud.network import ports
from brume.cloud.network.resources import FixedIp, Network, Port, Subnet
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session


class InterfaceWish(NamedTuple):
    """One wanted interface: a network (with a fixed address, or any), or a port that is there already."""

    network_id: str | None = None
    port_id: str | None = None
    fixed_ip: str | None = None


class NetworkAmbiguous(Conflict):
    template = "Multiple possible networks found, use a Network ID to be more specific."


class NoNetwork(BadRequest):
    template = "Unable to automatically allocate a network for project {project_id}"


class PortInUse(Conflict):
    template = "Port {port_id} is still in use."


class PortNotFound(NotFound):
    template = "Port id {port_id} could not be found."


class NetworkNotFound(NotFound):
    template = "Network {network_id} could not be found."


class ExternalNetwork(Forbidden):
    template = "It is not allowed to create an interface on external network {network_id}"


class NetworkRequiresSubnet(BadRequest):
    template = "Network {network_id} requires a subnet in order to boot instances on."


class FixedIpInUse(Conflict):
    template = "Fixed IP address {address} is already in use."


class NoMoreFixedIps(BadRequest):
    template = "No fixed IP addresses available for network: {network_id}"


class TooManyPorts(OverQuota):
    status = 403
    template = "Maximum number of ports exceeded"


class Plugging(NamedTuple):
    """What plugging needs beside the server: the network's settings, and the groups for ports made here (ids)."""

    settings: NetworkSettings
    groups: tuple[str, ...] | None = None


def ports_of(session: Session, found: Iterable[Server]) -> dict[str, list[Port]]:
    """The ports of each of these servers, in the order in which it got them, in one query.

    A port that names a server is its interface if the server was given it, or if it is the same project's: anybody
    may write the id of somebody else's server on a port.
    """
    servers = {server.id: server for server in found}
    result: dict[str, list[Port]] = {server_id: [] for server_id in servers}
    for port in session.find(Port, device_id=tuple(servers)) if servers else ():
        server = servers[port.device_id]
        if port.project_id == server.project_id or port.id in server.interface_order:
            result[server.id].append(port)
    for server_id, ports_here in result.items():
        places = {port_id: at for at, port_id in enumerate(servers[server_id].interface_order)}
        ports_here.sort(key=lambda port, p=places: (p.get(port.id, len(p)), port.created_at, port.id))  # type: ignore[misc]
    return result


def ports_of_server(session: Session, server: Server) -> list[Port]:
    """The ports of one server."""
    return ports_of(session, [server])[server.id]


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


def plug(context: RequestContext, session: Session, plugging: Plugging, server: Server, wish: InterfaceWish) -> Port:
    """Give the server an interface, in words of Nova when the network says no."""
    try:
        port = _plug(context, session, plugging, server, wish)
    except (network_errors.IpAddressAlreadyAllocated, network_errors.IpAddressGenerationFailure) as error:
        if wish.fixed_ip is not None:
            raise FixedIpInUse(address=wish.fixed_ip) from error
        raise NoMoreFixedIps(network_id=wish.network_id) from error
    except errors.OverQuota as error:
        raise TooManyPorts() from error
    present = session.get(Server, server.id)
    if present is not None:
        lent = (*present.lent_ports, port.id) if wish.port_id is not None else present.lent_ports
        session.update(present, interface_order=(*present.interface_order, port.id), lent_ports=lent)
    return port


def _plug(context: RequestContext, session: Session, plugging: Plugging, server: Server, wish: InterfaceWish) -> Port:
    bound = {
        "device_id": server.id,
        "device_owner": f"compute:{server.zone or 'nova'}",
        "binding_host_id": server.host or "",
    }
    if wish.port_id is not None:
        port = session.get(Port, wish.port_id)
        if port is None or not (context.is_admin or port.project_id == context.project_id):
            raise PortNotFound(port_id=wish.port_id)
        if port.device_id:
            raise PortInUse(port_id=port.id)
        return ports.update(context, session, plugging.settings, port, bound)
    network = joinable(context, session, wish.network_id)
    values: dict[str, Any] = {**bound, "network_id": network.id, "project_id": server.project_id}
    if wish.fixed_ip is not None:
        values["fixed_ips"] = (FixedIp(ip_address=wish.fixed_ip),)
    if plugging.groups is not None and network.port_security_enabled:
        values["security_groups"] = plugging.groups
    return ports.create(context, session, plugging.settings, values)


def joinable(context: RequestContext, session: Session, network_id: str | None) -> Network:
    """A network that the asker's servers may join; raises NetworkNotFound, ExternalNetwork, NetworkRequiresSubnet."""
    network = session.get(Network, network_id or "")
    mine = network is not None and (context.is_admin or network.project_id == context.project_id)
    if network is None or not (mine or network.shared or network.router_external):
        raise NetworkNotFound(network_id=network_id)
    if network.router_external and not (context.is_admin or network.shared):
        raise ExternalNetwork(network_id=network_id)
    if session.first(Subnet, network_id=network.id) is None:
        raise NetworkRequiresSubnet(network_id=network_id)
    return network


def unplug(context: RequestContext, session: Session, settings: NetworkSettings, server: Server, port: Port) -> None:
    """Take an interface away: a port made for the server goes, a lent one is only set free."""
    if port.id not in server.lent_ports:
        ports.delete(context, session, settings, port)
    else:
        free: dict[str, Any] = {"device_id": "", "device_owner": "", "binding_host_id": ""}
        ports.update(context, session, settings, port, free)
    present = session.get(Server, server.id)
    if present is not None:
        session.update(
            present,
            interface_order=tuple(other for other in present.interface_order if other != port.id),
            lent_ports=tuple(other for other in present.lent_ports if other != port.id),
        )


def find_port(session: Session, server: Server, port_id: str) -> Port:
    """A port of the server; raises PortNotFound."""
    port = session.get(Port, port_id)
    if port is None:
        raise PortNotFound(port_id=port_id)
    if all(port.id != mine.id for mine in ports_of_server(session, server)):
        raise NotFound(f"Instance {server.id} does not have a port with id {port_id}")
    return port
