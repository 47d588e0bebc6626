"""An image's data: in by PUT, out by GET, never whole in memory."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from brume.apis.rest.messages import Request, Response
from brume.cloud.errors import BadRequest, Forbidden, Gone, NotFound, UnsupportedMediaType
from brume.cloud.image import rules
from brume.cloud.image.files import ImageFiles, Upload

LARGEST = 1 << 40
"""Bytes; Glance's image_size_cap default is 1 TiB."""
OCTETS = "application/octet-stream"
RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})\Z")


async def upload(request: Request) -> None:
    """PUT /v2/images/{image_id}/file"""
    image_id = _ready(request, "saving")
    with request.cloud.need(ImageFiles).upload(image_id) as data:
        await _take(request, data)
        with request.cloud.store.write(request.context) as session:
            try:
                image = rules.get_image(request.context, session, image_id)
            except NotFound:
                raise Gone(
                    f"Image {image_id} could not be found after upload. The image may have been deleted during the "
                    "upload."
                ) from None
            rules.may_upload(request.context, image)
            rules.uploaded(request.context, session, image, data.finish())


async def stage(request: Request) -> None:
    """PUT /v2/images/{image_id}/stage"""
    image_id = _ready(request, "uploading")
    with request.cloud.need(ImageFiles).stage(image_id) as data:
        await _take(request, data)
        with request.cloud.store.write(request.context) as session:
            image = rules.get_image(request.context, session, image_id)
            rules.may_upload(request.context, image, "uploading")
            rules.staged(request.context, session, image, data.finish().size)


def _ready(request: Request, wanted: str) -> str:
    """The image's id, if data may be sent for it."""
    content_type = request.headers.get("content-type", "").split(";")[0].strip()
    if content_type != OCTETS:
        raise UnsupportedMediaType(content_type=content_type or "(none)")
    image_id = request.parameters["image_id"]
    with request.cloud.store.read() as session:
        rules.may_upload(request.context, rules.get_image(request.context, session, image_id), wanted)
    return image_id


async def _take(request: Request, data: Upload) -> None:
    """Write what comes. A connection that ends early, or says how long it is and is not, leaves nothing."""
    async for piece in request.chunks(LARGEST):
        data.write(piece)


def download(request: Request) -> Response:
    """GET /v2/images/{image_id}/file, whole or a range of it (RFC 9110, section 14; one range only)."""
    image = rules.get_image(request.context, request.session, request.parameters["image_id"])
    files = request.cloud.need(ImageFiles)
    if image.status == "deactivated" and not request.context.is_admin:
        raise Forbidden("The requested image has been deactivated. Image data download is forbidden.")
    if image.status not in ("active", "deactivated") or not files.has(image.id):
        return Response(204)
    size, asked = image.size or 0, request.headers.get("range")
    headers = {"content-md5": image.checksum or ""}
    start, length = 0, size
    if asked is not None:
        start, length = _range(asked, size)
        headers["content-range"] = f"bytes {start}-{start + length - 1}/{size}"
    headers["content-length"] = str(length)

    async def pieces() -> AsyncIterator[bytes]:
        for piece in files.read(image.id, start, length):
            yield piece

    return Response(200 if asked is None else 206, headers=headers, stream=pieces(), content_type=OCTETS)


class NotSatisfiable(BadRequest):
    """A range that the data does not have."""

    status = 416
    template = "The byte range passed in the 'Range' header did not match any available byte range in the file."


def _range(text: str, size: int) -> tuple[int, int]:
    """First byte and length of "bytes=2-", "bytes=2-5", "bytes=-3" (the last three); raises NotSatisfiable."""
    found = RANGE.match(text)
    if found is None or found.groups() == ("", ""):
        raise NotSatisfiable()
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size - 1, int(last)) if first and last else size - 1
    if start > end:
        raise NotSatisfiable()
    return start, end - start + 1
