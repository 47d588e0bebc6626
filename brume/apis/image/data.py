"""An image's data: in by PUT, out by GET, never whole in memory."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from brume.apis.rest.messages import Request, Response
from brume.cloud.errors import Forbidden, UnsupportedMediaType
from brume.cloud.image import rules
from brume.cloud.image.files import ImageFiles

LARGEST = 1 << 40
"""Bytes; Glance's image_size_cap default is 1 TiB."""
RANGE = re.compile(r"bytes=(\d+)-\Z")


async def upload(request: Request) -> None:
    """PUT /v2/images/{image_id}/file"""
    image_id = request.parameters["image_id"]
    content_type = request.headers.get("content-type", "").split(";")[0]
    if content_type != "application/octet-stream":
        raise UnsupportedMediaType(content_type=content_type)
    with request.cloud.store.read() as session:
        rules.may_upload(request.context, rules.get_image(request.context, session, image_id))
    with request.cloud.need(ImageFiles).upload(image_id) as data:
        async for piece in request.chunks(LARGEST):
            data.write(piece)
        with request.cloud.store.write(request.context) as session:
            image = rules.get_image(request.context, session, image_id)
            rules.may_upload(request.context, image)
            rules.uploaded(request.context, session, image, data.finish())


def download(request: Request) -> Response:
    """GET /v2/images/{image_id}/file, whole or from a byte on (`Range: bytes=N-`)."""
    image = rules.get_image(request.context, request.session, request.parameters["image_id"])
    if image.status == "deactivated" and not request.context.is_admin:
        raise Forbidden("The requested image has been deactivated. Image data download is forbidden.")
    if image.status not in ("active", "deactivated"):
        return Response(204)
    size = image.size or 0
    headers = {"content-md5": image.checksum or "", "content-length": str(size)}
    asked = RANGE.match(request.headers.get("range", ""))
    start = int(asked.group(1)) if asked else 0
    if start and start < size:
        headers["content-range"] = f"bytes {start}-{size - 1}/{size}"
        headers["content-length"] = str(size - start)
    elif start:
        return Response(416, headers={"content-range": f"bytes */{size}"})

    async def pieces() -> AsyncIterator[bytes]:
        for piece in request.cloud.need(ImageFiles).read(image.id, start):
            yield piece

    return Response(206 if start else 200, headers=headers, stream=pieces(), content_type="application/octet-stream")
