"""Making servers and taking them away: what touches both the server and its ports."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from brume.cloud.compute import interfaces, limits, scheduling, servers
from brume.cloud.compute.flavors import FlavorNotFound, visible
from brume.cloud.compute.interfaces import InterfaceWish, Plugging
from brume.cloud.compute.nodes import HostNotFound
from brume.cloud.compute.resources import Flavor, Keypair, Server
from brume.cloud.compute.scheduling import NoValidHost, Wish
from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, Forbidden
from brume.cloud.image.resources import Image
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session
from brume.cloud.validation import Values


class ServerRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a request to make servers asks for."""

    values: Values
    """name, description, metadata, tags, user_data, config_drive, hostname, access addresses."""
    flavor_id: str
    image_id: str | None = None
    key_name: str | None = None
    interfaces: Sequence[InterfaceWish] | None = None
    """None: the project's only network."""
    groups: Sequence[str] = ()
    place: Wish = Wish()
    count: int = 1


def create_servers(
    context: RequestContext, session: Session, settings: NetworkSettings, request: ServerRequest
) -> list[Server]:
    """Make one or more servers with their ports, all or none. One that fits nowhere is made in error, as in Nova."""
    flavor = session.get(Flavor, request.flavor_id)
    if flavor is None or not visible(context, flavor):
        raise BadRequest(FlavorNotFound(flavor_id=request.flavor_id).message)
    _check_image(context, session, flavor, request.image_id)
    _check_place(context, session, request.place)
    if request.key_name is not None and session.get(Keypair, context.user_id or "", request.key_name) is None:
        raise BadRequest("Invalid key_name provided.")
    limits.check(session, context.project_id or "", flavor, request.count)
    wishes = interfaces.only_network(context, session) if request.interfaces is None else request.interfaces
    plugging = Plugging(settings, interfaces.group_ids(context, session, request.groups))
    reservation = f"r-{context.new_hex()[:8]}"
    made = []
    for number in range(request.count):
        name = request.values["name"] if request.count == 1 else f"{request.values['name']}-{number + 1}"
        values = {
            **request.values,
            "name": name,
            "image_id": request.image_id,
            "key_name": request.key_name,
            "zone": request.place.zone or "nova",
            "reservation_id": reservation,
            "launch_index": number,
        }
        made.append(_create(context, session, plugging, values, flavor, request.place, wishes))
    return made


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
        node = scheduling.select(session, flavor, place, context.now)
    except NoValidHost as error:
        server = servers.new_server(context, session, values, flavor, None)
        servers.failed(context, session, servers.Report(server.id, 0), error.message)
        return servers.get_server(context, session, server.id)
    server = servers.new_server(context, session, values, flavor, node.host)
    for wish in wishes:
        interfaces.plug(context, session, plugging, server, wish)
    return servers.get_server(context, session, server.id)


def _check_image(context: RequestContext, session: Session, flavor: Flavor, image_id: str | None) -> None:
    if image_id is None:
        raise BadRequest("Invalid imageRef provided.")
    image = session.get(Image, image_id)
    if image is None or not (
        context.is_admin or image.visibility in ("public", "community") or image.owner == context.project_id
    ):
        raise BadRequest(f"Image {image_id} could not be found.")
    if image.status != "active":
        raise BadRequest(f"Image {image_id} is not active.")
    if flavor.ram < image.min_ram:
        raise BadRequest("Flavor's memory is too small for requested image.")
    if flavor.disk and flavor.disk < image.min_disk:
        raise BadRequest(
            f"Flavor's disk is smaller than the minimum size specified in image metadata: {image.min_disk}"
        )


def _check_place(context: RequestContext, session: Session, place: Wish) -> None:
    if place.host is not None and not context.is_admin:
        raise Forbidden("Policy doesn't allow os_compute_api:servers:create:forced_host to be performed.")
    try:
        scheduling.check(session, place)
    except HostNotFound as error:
        raise BadRequest(error.message) from None


def delete_server(context: RequestContext, session: Session, settings: NetworkSettings, server: Server) -> None:
    """Take a server and its interfaces away."""
    servers.require(context, server, "delete", task=True)
    for port in interfaces.ports_of(session, [server.id])[server.id]:
        interfaces.unplug(context, session, settings, server, port)
    servers.record(context, session, server, "delete")
    session.delete(server)
