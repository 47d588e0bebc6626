"""The rules of images: who sees them, their life, what may change. Wording: Glance's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from brume.cloud.context import RequestContext, iso_seconds
from brume.cloud.errors import BadRequest, Conflict, Forbidden, NotFound, TooLarge
from brume.cloud.image.files import Digest
from brume.cloud.image.resources import MEMBER_STATUSES, Image, ImageMember
from brume.cloud.store.session import Session
from brume.cloud.validation import Values

IDENTIFIER = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
RESERVED = ("location", "deleted", "deleted_at")
RESERVED_SPACE = "os_glance_"
UUID_PROPERTIES = ("kernel_id", "ramdisk_id")
MOST_TAGS = MOST_PROPERTIES = 128
"""Glance's image_tag_quota and image_property_quota."""


class ImageNotFound(NotFound):
    template = "No image found with ID {image_id}"


class ImageExists(Conflict):
    template = "Image ID {image_id} already exists!"


class ImageProtected(Forbidden):
    template = "Image {image_id} is protected and cannot be deleted."


class WrongTransition(Conflict):
    template = "Image status transition from {status} to {wanted} is not allowed"


def visible_to(context: RequestContext, session: Session, status: str, community: bool) -> tuple[dict[str, Any], ...]:
    """Groups of conditions (store.Query.any_of) for what an asker's list holds.

    `status`: of images shared with the asker's project, those to which it said this ("all": whatever it said).
    `community`: images that everybody may use and nobody is bothered with, unless asked for.
    """
    everybody = ({"visibility": "community"},) if community else ()
    own: tuple[dict[str, Any], ...] = ({"owner": context.project_id},)
    if context.is_admin:
        return (*everybody, *own, *({"visibility": kind} for kind in ("public", "private", "shared")))
    said = {} if status == "all" else {"status": status}
    shared = [member.image_id for member in session.find(ImageMember, member_id=context.project_id, **said)]
    with_us: tuple[dict[str, Any], ...] = ({"visibility": "shared", "id": tuple(shared)},) if shared else ()
    return (*everybody, *own, {"visibility": "public"}, *with_us)


def get_image(context: RequestContext, session: Session, image_id: str) -> Image:
    """An image the asker may know of; community images by id only."""
    image = session.get(Image, image_id)
    if image is None or not may_use(context, session, image):
        raise ImageNotFound(image_id=image_id)
    return image


def may_use(context: RequestContext, session: Session, image: Image) -> bool:
    """Whether the asker may see the image and start servers from it."""
    if context.is_admin or image.visibility in ("public", "community") or image.owner in (None, context.project_id):
        return True
    return image.visibility == "shared" and session.get(ImageMember, image.id, context.project_id) is not None


def may_change(context: RequestContext, image: Image) -> None:
    """Raise unless the image is the asker's."""
    if not (context.is_admin or image.owner == context.project_id):
        raise Forbidden("You are not authorized to complete this action.")


def create_image(context: RequestContext, session: Session, values: Values) -> Image:
    """Make an image without data. Only an administrator makes public ones, or ones for others."""
    image_id = values.pop("id", None) or context.new_id()
    if not IDENTIFIER.fullmatch(image_id):
        raise BadRequest(f"Invalid image id format: {image_id!r} is not a UUID")
    if session.get(Image, image_id) is not None:
        raise ImageExists(image_id=image_id)
    values.setdefault("owner", context.project_id)
    if not context.is_admin and values["owner"] != context.project_id:
        raise Forbidden(f"You are not permitted to create images owned by '{values['owner']}'.")
    _check_values(context, values)
    now = iso_seconds(context.now)
    return session.insert(Image(id=image_id, created_at=now, updated_at=now, **values))


def _check_values(context: RequestContext, values: Values) -> None:
    if not context.is_admin and values.get("visibility") == "public":
        raise Forbidden("You are not authorized to complete publicize_image action.")
    properties = values.get("properties", {})
    for name, value in properties.items():
        check_property(name, value)
    if len(properties) > MOST_PROPERTIES:
        raise TooLarge(
            f"The limit has been exceeded on the number of allowed image properties. Attempted: {len(properties)}, "
            f"Maximum: {MOST_PROPERTIES}"
        )
    if len(values.get("tags", ())) > MOST_TAGS:
        raise TooLarge(
            f"The limit has been exceeded on the number of allowed image tags. Attempted: {len(values['tags'])}, "
            f"Maximum: {MOST_TAGS}"
        )


def check_property(name: str, value: Any) -> None:
    """Raise what is wrong with a property that is none of the image's attributes."""
    if name in RESERVED or name.startswith(RESERVED_SPACE):
        raise Forbidden(f"Attribute '{name}' is reserved.")
    if len(name) > 255:
        raise BadRequest("Custom property should not be greater than 255 characters.")
    if name in UUID_PROPERTIES:
        if value is not None and not (isinstance(value, str) and IDENTIFIER.fullmatch(value)):
            raise BadRequest(f"Provided object does not match schema 'image': {name} must be a UUID or null")
    elif not isinstance(value, str):
        raise BadRequest(f"Provided object does not match schema 'image': {value!r} is not of type 'string'")


def update_image(context: RequestContext, session: Session, image: Image, values: Values) -> Image:
    """Change attributes and properties (the whole of `properties`, if given)."""
    may_change(context, image)
    if "owner" in values and not context.is_admin:
        raise Forbidden("Owner can't be updated by non admin.")
    for name in ("container_format", "disk_format"):
        if name in values and image.status not in ("queued", "importing") and values[name] != getattr(image, name):
            raise Forbidden(f"Attribute {name} can be only replaced for a queued image.")
    _check_values(context, values)
    return session.update(image, **values, updated_at=iso_seconds(context.now))


def set_tags(context: RequestContext, session: Session, image: Image, tags: Sequence[str]) -> Image:
    """Replace the tags."""
    if any(len(tag) > 255 for tag in tags):
        raise BadRequest("Provided object does not match schema 'image': a tag has at most 255 characters")
    return update_image(context, session, image, {"tags": tuple(sorted(set(tags)))})


# -- data


def may_upload(context: RequestContext, image: Image, wanted: str = "saving") -> None:
    """Raise unless data may be sent for this image now."""
    may_change(context, image)
    if image.status != "queued":
        raise WrongTransition(status=image.status, wanted=wanted)
    missing = [name for name in ("disk_format", "container_format") if getattr(image, name) is None]
    if missing and wanted == "saving":
        raise BadRequest(f"Properties {', '.join(missing)} must be set prior to saving data.")


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


def staged(context: RequestContext, session: Session, image: Image, size: int) -> Image:
    """Data lies ready for an import."""
    return session.update(image, status="uploading", size=size, updated_at=iso_seconds(context.now))


def may_import(context: RequestContext, image: Image) -> None:
    """Raise unless what was staged may become the image's data."""
    if image.status == "active":
        raise Conflict("Image with status active cannot be target for import")
    if image.status != "uploading":
        raise Conflict("Image needs to be staged before 'glance-direct' method can be used")
    for name in ("container_format", "disk_format"):
        if getattr(image, name) is None:
            raise Conflict(f"'{name}' needs to be set before import")
    may_change(context, image)


def delete_image(context: RequestContext, session: Session, image: Image) -> None:
    """Delete an image; the data goes after the commit."""
    may_change(context, image)
    if image.protected:
        raise ImageProtected(image_id=image.id)
    session.delete_all(session.find(ImageMember, image_id=image.id))
    session.delete(image)


def set_active(context: RequestContext, session: Session, image: Image, active: bool) -> Image:
    """Deactivate (its data can then be read by administrators only) or reactivate."""
    may_change(context, image)
    if image.status not in ("active", "deactivated"):
        word = "reactivate" if active else "deactivate"
        raise Forbidden(f"Not allowed to {word} image in status '{image.status}'")
    return session.update(image, status="active" if active else "deactivated", updated_at=iso_seconds(context.now))


# -- members


def shared_image(context: RequestContext, session: Session, image_id: str) -> Image:
    """An image that can have members."""
    image = session.get(Image, image_id)
    if image is None or not may_use(context, session, image):
        raise NotFound(f"Image {image_id} not found.")
    if image.visibility != "shared":
        raise Forbidden("Only shared images have members.")
    return image


def add_member(context: RequestContext, session: Session, image: Image, member_id: str) -> ImageMember:
    """Share the image with a project."""
    if not (context.is_admin or image.owner == context.project_id):
        raise Forbidden(f"Not allowed to create members for image {image.id}.")
    if session.get(ImageMember, image.id, member_id) is not None:
        raise Conflict(f"Member {member_id} is duplicated for image {image.id}")
    now = iso_seconds(context.now)
    return session.insert(ImageMember(image_id=image.id, member_id=member_id, created_at=now, updated_at=now))


def members_of(context: RequestContext, session: Session, image: Image) -> list[ImageMember]:
    """With whom the image is shared: all of them for its owner, oneself for a member."""
    found = session.find(ImageMember, image_id=image.id)
    if not (context.is_admin or image.owner == context.project_id):
        found = [member for member in found if member.member_id == context.project_id]
    return sorted(found, key=lambda member: (member.created_at, member.member_id))


def get_member(context: RequestContext, session: Session, image: Image, member_id: str) -> ImageMember:
    """One of the members the asker may know of."""
    for member in members_of(context, session, image):
        if member.member_id == member_id:
            return member
    raise NotFound(f"{member_id} not found in the member list of the image {image.id}.")


def answer_share(context: RequestContext, session: Session, image: Image, member_id: str, status: str) -> ImageMember:
    """A member accepts or rejects; the owner cannot do it for it."""
    if status not in MEMBER_STATUSES:
        raise BadRequest(f'Incorrect request: Status must be "pending", "accepted" or "rejected", not {status!r}.')
    if not context.is_admin and image.owner == context.project_id:
        raise Forbidden(f"Not allowed to update members for image {image.id}.")
    member = get_member(context, session, image, member_id)
    return session.update(member, status=status, updated_at=iso_seconds(context.now))


def remove_member(context: RequestContext, session: Session, image: Image, member_id: str) -> None:
    """Share the image with a project no longer."""
    if not (context.is_admin or image.owner == context.project_id):
        raise Forbidden(f"Not allowed to delete members for image {image.id}.")
    session.delete(get_member(context, session, image, member_id))
