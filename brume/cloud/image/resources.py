"""The image and its members, as Glance shows them. Attributes: OpenStack Image API v2."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from brume.cloud.resource import Attribute, Resource, resource

READ_ONLY = {"create": False, "update": False}

VISIBILITIES = ("public", "private", "shared", "community")
DISK_FORMATS = ("ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "ploop", "iso")
CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")
MEMBER_STATUSES = ("pending", "accepted", "rejected")
LARGEST = 0x7FFFFFFF


def one_of(choices: tuple[str, ...], *, nullable: bool = True) -> Any:
    """A check: one of these words, or (where it may be) null."""

    def check(value: Any) -> str | None:
        if (value is None and not nullable) or (value is not None and value not in choices):
            raise ValueError(f"{value!r} is not one of {[None, *choices] if nullable else list(choices)}")
        return value  # type: ignore[no-any-return]

    return check


def tags(value: Any) -> tuple[str, ...]:
    """A check: a list of words, each once, in order."""
    words = msgspec.convert(value, list[str])
    if any(len(word) > 255 for word in words):
        raise ValueError("a tag has at most 255 characters")
    return tuple(sorted(set(words)))


def whole_number(value: Any) -> int:
    """A check: a number from 0 on, that a 32-bit column holds."""
    number = msgspec.convert(value, int, strict=True)
    if not 0 <= number <= LARGEST:
        raise ValueError(f"{number} is not between 0 and {LARGEST}")
    return number


@resource("image", "images", extra="properties", indexes=(("owner",), ("created_at",)))
class Image(Resource, frozen=True, kw_only=True):
    """An image. Unknown attributes are properties, as Glance keeps them."""

    id: Annotated[str, Attribute(update=False, length=36)]
    name: Annotated[str | None, Attribute(length=255)] = None
    owner: Annotated[str | None, Attribute(length=255)] = None
    status: Annotated[str, Attribute(**READ_ONLY, length=30)] = "queued"
    visibility: Annotated[str, Attribute(length=9, check=one_of(VISIBILITIES, nullable=False))] = "shared"
    disk_format: Annotated[str | None, Attribute(length=20, check=one_of(DISK_FORMATS))] = None
    container_format: Annotated[str | None, Attribute(length=20, check=one_of(CONTAINER_FORMATS))] = None
    min_disk: Annotated[int, Attribute(check=whole_number)] = 0
    min_ram: Annotated[int, Attribute(check=whole_number)] = 0
    protected: Annotated[bool, Attribute()] = False
    os_hidden: Annotated[bool, Attribute()] = False
    size: Annotated[int | None, Attribute(**READ_ONLY)] = None
    virtual_size: Annotated[int | None, Attribute(**READ_ONLY)] = None
    checksum: Annotated[str | None, Attribute(**READ_ONLY, length=32)] = None
    os_hash_algo: Annotated[str | None, Attribute(**READ_ONLY, length=64)] = None
    os_hash_value: Annotated[str | None, Attribute(**READ_ONLY, length=128)] = None
    tags: Annotated[tuple[str, ...], Attribute(check=tags, filter=False, sort=False)] = ()
    created_at: Annotated[str, Attribute(**READ_ONLY, length=32)] = ""
    updated_at: Annotated[str, Attribute(**READ_ONLY, length=32)] = ""
    properties: dict[str, str | None] = msgspec.field(default_factory=dict)


@resource("member", "members", table="image_members", key=("image_id", "member_id"), indexes=(("member_id",),))
class ImageMember(Resource, frozen=True, kw_only=True):
    """A project that a shared image is shared with, and what it says to that."""

    image_id: Annotated[str, Attribute(length=36, references="images.id", on_delete="CASCADE")]
    member_id: Annotated[str, Attribute(length=255)]
    status: Annotated[str, Attribute(length=20)] = "pending"
    created_at: Annotated[str, Attribute(length=32)]
    updated_at: Annotated[str, Attribute(length=32)]
