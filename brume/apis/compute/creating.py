"""POST /servers: reads the request and answers it. Which attribute is there since which microversion: Nova's schemas.

What is left out is left out whole and refused: volumes to boot from, files to inject, trusted certificates, hints that
no filter of ours reads.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from brume.apis.compute.body import Body, check_text, invalid, not_a_uuid, read
from brume.apis.compute.query import Version, version_of
from brume.apis.compute.rendering import links
from brume.apis.rest.messages import Request, Response
from brume.cloud.compute import creation, scheduling
from brume.cloud.compute.creation import ServerRequest
from brume.cloud.compute.interfaces import InterfaceWish
from brume.cloud.compute.scheduling import Wish
from brume.cloud.errors import BadRequest
from brume.cloud.network.settings import NetworkSettings

HINTS = ("os:scheduler_hints", "OS-SCH-HNT:scheduler_hints")
DISK_CONFIGS = ("AUTO", "MANUAL")
HOSTNAME = re.compile(r"[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+\Z")
FQDN = re.compile(r"[a-zA-Z0-9-._]*\Z")
TAG = re.compile(r"[^,/]*\Z")
LONGEST_TAG = 60
MOST_TAGS = 50
MOST_AT_ONCE = 1000
"""Servers in one request: it is one transaction."""
UNSUPPORTED = ("block_device_mapping", "block_device_mapping_v2", "trusted_image_certificates")


def create(request: Request) -> Response:
    """POST /servers"""
    body = read(request, "server", *HINTS)
    hints: Any = next((request.object()[name] for name in HINTS if name in request.object()), {})
    wanted = _wanted(version_of(request), body, Body("os:scheduler_hints", hints))
    given_groups = body.raw("security_groups")
    password, reserved = body.text("adminPass"), body.boolean("return_reservation_id")
    body.finish()
    settings = request.cloud.need(NetworkSettings)
    made = creation.create_servers(request.context, request.session, settings, wanted)
    first = made[0]
    if reserved:
        return Response(202, {"reservation_id": first.reservation_id})
    answer: dict[str, Any] = {
        "id": first.id,
        "links": links(request, first),
        "OS-DCF:diskConfig": first.disk_config,
        "security_groups": given_groups or [{"name": "default"}],
        "adminPass": password if password is not None else request.context.new_hex()[:12],
    }
    return Response(202, {"server": answer}, headers={"location": answer["links"][0]["href"]})


def _wanted(version: Version, body: Body, hints: Body) -> ServerRequest:
    _refuse(version, body)
    body.require("name", "flavorRef")
    least = body.integer("min_count", default=1, least=1)
    most = body.integer("max_count", default=least, least=1)
    if least > most:
        raise BadRequest("min_count must be <= max_count")
    if most > MOST_AT_ONCE:
        raise BadRequest(f"max_count must be <= {MOST_AT_ONCE}")
    wishes = interfaces_of(version, body)
    return ServerRequest(
        values=_values(version, body, most),
        flavor_id=body.identifier("flavorRef") or "",
        image_id=_image(body),
        key_name=body.name("key_name"),
        interfaces=wishes,
        must_connect=wishes is None and version >= (2, 37),
        groups=_groups(body),
        place=_place(version, body, hints),
        least=least,
        most=most,
    )


def _values(version: Version, body: Body, most: int) -> dict[str, Any]:
    """What is kept with the server as it was given."""
    name = body.name("name", required=True) or ""
    values: dict[str, Any] = {"name": name, "metadata": body.metadata("metadata")}
    values["description"] = body.description() if version >= (2, 19) else name
    if version >= (2, 52):
        values["tags"] = tags(body.list("tags") or [])
    if version >= (2, 90):
        values["hostname"] = hostname(version, body)
        if values["hostname"] and most > 1:
            raise BadRequest("Unable to allocate a single hostname to multiple instances: the hostname must be unique.")
    values["user_data"] = body.text("user_data", longest=65535, check=_not_base64)
    values["config_drive"] = body.boolean("config_drive")
    values["disk_config"] = body.choice("OS-DCF:diskConfig", DISK_CONFIGS) or "MANUAL"
    values["access_ipv4"] = body.address("accessIPv4", 4) or ""
    values["access_ipv6"] = body.address("accessIPv6", 6) or ""
    return values


def hostname(version: Version, body: Body) -> str | None:
    """A host name (2.90), with dots since 2.94."""
    if version >= (2, 94):
        return body.text("hostname", shortest=1, longest=255, check=_unlike(FQDN))
    return body.text("hostname", shortest=2, longest=63, check=_unlike(HOSTNAME))


def _unlike(pattern: re.Pattern[str]) -> Any:
    return lambda text: None if pattern.match(text) else f"{text!r} does not match {pattern.pattern!r}"


def _not_base64(text: str) -> str | None:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return f"{text!r} is not a 'base64'"
    return None


def tags(given: list[Any]) -> tuple[str, ...]:
    """Tags of a server, each once."""
    if len(given) > MOST_TAGS:
        raise invalid("tags", given, f"{given!r} is too long")
    return tuple(dict.fromkeys(tag(one) for one in given))


def tag(given: Any) -> str:
    """One tag."""
    return check_text("tag", given, shortest=1, longest=LONGEST_TAG, check=_unlike(TAG))


def _refuse(version: Version, body: Body) -> None:
    for name in (*UNSUPPORTED, *(("personality",) if version < (2, 57) else ())):
        if name == "trusted_image_certificates" and version < (2, 63):
            continue
        value = body.list(name, nullable=name == "trusted_image_certificates")
        if value and not _is_image_only(name, value):
            raise invalid(name, value, "Servers have no volumes, injected files or certificates here.")


def _is_image_only(name: str, devices: list[Any]) -> bool:
    """What the client writes for an ordinary boot from an image."""
    return name == "block_device_mapping_v2" and all(
        isinstance(device, dict)
        and device.get("source_type") == "image"
        and device.get("destination_type") == "local"
        and device.get("boot_index") in (0, "0")
        for device in devices
    )


def _image(body: Body) -> str | None:
    """The image's id; from a boot mapping when there is no imageRef."""
    image = body.text("imageRef", check=lambda text: not_a_uuid(text) if text else None)
    for device in body.raw("block_device_mapping_v2") or ():
        image = image or device.get("uuid")
    return image or None


def _groups(body: Body) -> list[str]:
    found = []
    for one in body.objects("security_groups"):
        name = one.name("name")
        one.finish()
        if name is not None:
            found.append(name)
    return found


def interfaces_of(version: Version, body: Body) -> list[InterfaceWish] | None:
    """The wanted interfaces; None: whatever network there is."""
    if version >= (2, 37):
        body.require("networks")
    given = body.raw("networks")
    if version >= (2, 37) and given in ("auto", "none"):
        return None if given == "auto" else []
    wishes: list[InterfaceWish] = []
    for one in body.objects("networks"):
        wish = _interface(version, one)
        if wish.port_id is not None and any(other.port_id == wish.port_id for other in wishes):
            raise BadRequest(f"Port ID '{wish.port_id}' was specified twice: you cannot attach a port multiple times.")
        wishes.append(wish)
    return wishes or None if version < (2, 37) else wishes


def _interface(version: Version, one: Body) -> InterfaceWish:
    network, port = one.text("uuid", check=not_a_uuid if version >= (2, 37) else None), one.uuid("port", nullable=True)
    fixed = one.address("fixed_ip")
    if (2, 32) <= version < (2, 37) or version >= (2, 42):
        tag(one.raw("tag")) if "tag" in one else None
    one.finish()
    if port and fixed:
        raise BadRequest(
            f"Specified Fixed IP '{fixed}' cannot be used with port '{port}': the two cannot be specified together."
        )
    if port:
        return InterfaceWish(port_id=port)
    if network is None:
        raise BadRequest("Bad network format: missing 'uuid'")
    if not_a_uuid(network):
        raise BadRequest(f"Bad networks format: network uuid is not in proper format ({network})")
    return InterfaceWish(network_id=network, fixed_ip=fixed)


def _place(version: Version, body: Body, hints: Body) -> Wish:
    host = node = None
    if version >= (2, 74):
        host = body.text("host", shortest=1, longest=255, check=_unlike(FQDN))
        node = body.text("hypervisor_hostname", shortest=1, longest=255, check=_unlike(FQDN))
    wish = scheduling.parse_wish(body.name("availability_zone"), host or node)
    same, different = _servers(hints, "same_host"), _servers(hints, "different_host")
    hints.finish()
    return wish._replace(same_host=same, different_host=different)


def _servers(hints: Body, name: str) -> tuple[str, ...]:
    """A hint that names one server or several."""
    given = hints.raw(name)
    ids = given if isinstance(given, list) else [given] if name in hints else []
    return tuple(check_text(name, one, longest=36, check=not_a_uuid) for one in ids)
