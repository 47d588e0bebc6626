"""The rules of images: who sees them, their life, what may change. Wording: Glance's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from brume.cloud.context import RequestContext, iso_seconds
from brume.cloud.errors import BadRequest, Conflict, Forbidden, NotFound
from brume.cloud.image.files import Digest
from brume.cloud.image.resources import Image
from brume.cloud.store.session import Session
from brume.cloud.validation import Values

IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class ImageNotFound(NotFound):
    template = "No image found with ID {image_id}"


class ImageExists(Conflict):
    template = "Image ID {image_id} already exists!"


class ImageProtected(Forbidden):
    template = "Image {image_id} is protected and cannot be deleted."


class DataExists(Conflict):
    template = "Image status transition from {status} to saving is not allowed"


class NoData(NotFound):
    template = "Image has no data"


def visible_to(context: RequestContext) -> tuple[dict[str, Any], ...]:
    """Groups of conditions (store.Query.any_of) for what an asker's list holds: everything for an administrator."""
    if context.is_admin:
        return ()
    return ({"visibility": "public"}, {"owner": context.project_id})


def get_image(context: RequestContext, session: Session, image_id: str) -> Image:
    """An image the asker may know of; community images by id only."""
    image = session.get(Image, image_id)
    if image is None or not _visible(context, image):
        raise ImageNotFound(image_id=image_id)
    return image


def _visible(context: RequestContext, image: Image) -> bool:
    return context.is_admin or image.visibility in ("public", "community") or image.owner == context.project_id


def _may_change(context: RequestContext, image: Image) -> None:
    if not (context.is_admin or image.owner == context.project_id):
        raise Forbidden("You are not authorized to complete this action.")


def create_image(context: RequestContext, session: Session, values: Values) -> Image:
    """Make an image without data. Only an administrator makes public ones, or ones for others."""
    image_id = values.pop("id", None) or context.new_id()
    if not IDENTIFIER.fullmatch(image_id):
        raise BadRequest(f"Invalid image id format: {image_id!r} is not a UUID")
    if session.get(Image, image_id) is not None:
        raise ImageExists(image_id=image_id)
    _check_values(context, values)
    now = iso_seconds(context.now)
    values.setdefault("owner", context.project_id)
    return session.insert(Image(id=image_id, created_at=now, updated_at=now, **values))


def _check_values(context: RequestContext, values: Values) -> None:
    if not context.is_admin:
        if values.get("visibility") == "public":
            raise Forbidden("You are not authorized to complete publicize_image action.")
        if values.get("owner", context.project_id) != context.project_id:
            raise Forbidden("You are not permitted to create images owned by another project.")
    for name in ("min_disk", "min_ram"):
        if values.get(name, 0) < 0:
            raise BadRequest(f"Invalid value for option {name}: must be >= 0")
    for name, value in values.get("properties", {}).items():
        if not isinstance(value, str):
            raise BadRequest(f"Property {name} must be a string, not {value!r}")


def update_image(context: RequestContext, session: Session, image: Image, values: Values) -> Image:
    """Change attributes and properties (the whole of `properties`, if given)."""
    _may_change(context, image)
    _check_values(context, values)
    return session.update(image, **values, updated_at=iso_seconds(context.now))


def set_tags(context: RequestContext, session: Session, image: Image, tags: Sequence[str]) -> Image:
    """Replace the tags."""
    _may_change(context, image)
    return session.update(image, tags=tuple(sorted(set(tags))), updated_at=iso_seconds(context.now))


def may_upload(context: RequestContext, image: Image) -> None:
    """Raise unless data may be sent for this image now."""
    _may_change(context, image)
    if image.status != "queued":
        raise DataExists(status=image.status)
    if image.disk_format is None or image.container_format is None:
        raise BadRequest("Properties disk_format, container_format must be set prior to saving data.")


def uploaded(context: RequestContext, session: Session, image: Image, digest: Digest) -> Image:
    """The data is whole and durable: the image is active."""
    return session.update(
        image,
        status="active",
        size=digest.size,
        virtual_size=digest.size if image.disk_format == "raw" else None,
        checksum=digest.checksum,
        os_hash_algo="sha512",
        os_hash_value=digest.sha512,
        updated_at=iso_seconds(context.now),
    )


def delete_image(context: RequestContext, session: Session, image: Image) -> None:
    """Delete an image; the data goes after the commit."""
    _may_change(context, image)
    if image.protected:
        raise ImageProtected(image_id=image.id)
    session.delete(image)


def set_active(context: RequestContext, session: Session, image: Image, active: bool) -> Image:
    """Deactivate or reactivate (administrator)."""
    if not context.is_admin:
        raise Forbidden("You are not authorized to complete deactivate action.")
    if image.status not in ("active", "deactivated"):
        raise Forbidden(f"Not allowed to change an image in status '{image.status}'")
    return session.update(image, status="active" if active else "deactivated", updated_at=iso_seconds(context.now))
