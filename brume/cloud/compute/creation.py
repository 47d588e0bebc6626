"""Making servers and taking them away: what touches both the server and its ports."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from brume.cloud.compute import interfaces, limits, scheduling, servers
from brume.cloud.compute.flavors import FlavorNotFound, visible
from brume.cloud.compute.interfaces import InterfaceWish, Plugging
from brume.cloud.compute.nodes import HostNotFound
from brume.cloud.compute.reaching import group_ids
from brume.cloud.compute.resources import Flavor, Keypair, Node, Server
from brume.cloud.compute.scheduling import NoValidHost, Wish
from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, PolicyForbidden
from brume.cloud.image.resources import Image
from brume.cloud.image.rules import may_use
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session
from brume.cloud.validation import Values


class ServerRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a request to make servers asks for."""

    values: Values
    """name, description, metadata, tags, user_data, config_drive, disk_config, hostname, access addresses."""
    flavor_id: str
    image_id: str | None = None
    key_name: str | None = None
    interfaces: Sequence[InterfaceWish] | None = None
    """None: the project's only network."""
    must_connect: bool = False
    """The project must have a network when `interfaces` is None (the word "auto")."""
    groups: Sequence[str] = ()
    place: Wish = Wish()
    least: int = 1
    most: int = 1


def create_servers(
    context: RequestContext, session: Session, settings: NetworkSettings, request: ServerRequest
) -> list[Server]:
    """Make one or more servers with their ports, all or none. One that fits nowhere is made in error, as in Nova."""
    flavor = session.get(Flavor, request.flavor_id)
    if flavor is None or not visible(context, flavor):
        raise BadRequest(FlavorNotFound(flavor_id=request.flavor_id).message)
    _check_image(context, session, flavor, request.image_id)
    _check_place(context, session, request.place)
    project_id = context.project_id or ""
    limits.check_metadata(session, project_id, request.values["metadata"])
    if request.key_name is not None and session.get(Keypair, context.user_id or "", request.key_name) is None:
        raise BadRequest("Invalid key_name provided.")
    count = limits.allowed_servers(session, project_id, flavor, request.least, request.most)
    wishes = _wishes(context, session, request)
    plugging = Plugging(settings, group_ids(context, session, request.groups))
    reservation = f"r-{context.new_hex()[:8]}"
    made = []
    for number in range(count):
        values = {
            **request.values,
            "name": request.values["name"] if count == 1 else f"{request.values['name']}-{number + 1}",
            "image_id": request.image_id,
            "key_name": request.key_name,
            "pinned_zone": request.place.zone,
            "reservation_id": reservation,
            "launch_index": number,
        }
        made.append(_create(context, session, plugging, values, flavor, request.place, wishes))
    return made


def _wishes(context: RequestContext, session: Session, request: ServerRequest) -> Sequence[InterfaceWish]:
    """The interfaces of each server; refuses those of which several servers cannot have one each."""
    if request.interfaces is None:
        found = interfaces.only_network(context, session)
        if not found and request.must_connect:
            raise interfaces.NoNetwork(project_id=context.project_id)
        return found
    if request.most > 1:
        if any(wish.port_id for wish in request.interfaces):
            raise BadRequest(
                "Failed to launch instances: Unable to launch multiple instances with a single configured port ID. "
                "Please launch your instance one by one with different ports."
            )
        if any(wish.fixed_ip for wish in request.interfaces):
            raise BadRequest(
                "Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified."
            )
    return request.interfaces


def _create(
    context: RequestContext,
    session: Session,
    plugging: Plugging,
    values: Values,
    flavor: Flavor,
    place: Wish,
    wishes: Sequence[InterfaceWish],
) -> Server:
    try:
        node = _node(session, flavor, place, context.now)
    except NoValidHost as error:
        server = servers.new_server(context, session, values, flavor, None, None)
        servers.failed(context, session, servers.Report(server.id, 0), error.message)
        return servers.get_server(context, session, server.id)
    server = servers.new_server(context, session, values, flavor, node.host, node.zone)
    for wish in wishes:
        try:
            interfaces.plug(context, session, plugging, server, wish)
        except (interfaces.NetworkNotFound, interfaces.PortNotFound, interfaces.FixedIpInUse) as error:
            raise BadRequest(error.message) from error
    return servers.get_server(context, session, server.id)


def _node(session: Session, flavor: Flavor, place: Wish, now: float) -> Node:
    return scheduling.select(
        session, flavor, place, now, _hosts(session, place.same_host), _hosts(session, place.different_host)
    )


def _hosts(session: Session, server_ids: Sequence[str]) -> set[str]:
    found = session.find(Server, id=tuple(server_ids)) if server_ids else []
    return {server.host for server in found if server.host is not None}


def _check_image(context: RequestContext, session: Session, flavor: Flavor, image_id: str | None) -> None:
    if image_id is None:
        raise BadRequest("Invalid imageRef provided.")
    image = session.get(Image, image_id)
    if image is None or not may_use(context, session, image):
        raise BadRequest("Can not find requested image")
    if image.status != "active":
        raise BadRequest(f"Image {image_id} is not active.")
    if flavor.ram < image.min_ram:
        raise BadRequest("Flavor's memory is too small for requested image.")
    if flavor.disk and flavor.disk < image.min_disk:
        raise BadRequest(
            f"Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is "
            f"{flavor.disk << 30} bytes, minimum size is {image.min_disk << 30} bytes."
        )


def _check_place(context: RequestContext, session: Session, place: Wish) -> None:
    if place.forced is not None and not context.is_admin:
        raise PolicyForbidden(action="os_compute_api:servers:create:forced_host")
    if place.host is not None and not context.is_admin:
        raise PolicyForbidden(action="compute:servers:create:requested_destination")
    try:
        scheduling.check(session, place)
    except HostNotFound as error:
        raise BadRequest(error.message) from None


def delete_server(context: RequestContext, session: Session, settings: NetworkSettings, server: Server) -> None:
    """Take a server and its interfaces away. What was done to it is still told (2.21)."""
    servers.require(context, server, "delete", task=True)
    servers.record(context, session, server, "delete", event="compute_terminate_instance")
    for port in interfaces.ports_of_server(session, server):
        interfaces.unplug(context, session, settings, server, port)
    servers.finish(context, session, server.id, "Success")
    session.delete(servers.get_server(context, session, server.id))
