"""The built-in image: what a simulated server starts from. Its data is a line that says so."""

from __future__ import annotations

from brume.cloud.context import RequestContext
from brume.cloud.image import rules
from brume.cloud.image.files import ImageFiles
from brume.cloud.image.resources import Image
from brume.cloud.store.session import Session

NAME = "brume-host"
CONTENT = b"A simulated host of Brume: a small TCP/IP stack with a console. There is nothing in this image to boot.\n"


def ensure_image(context: RequestContext, session: Session, files: ImageFiles) -> None:
    """Make the image, unless the cloud has images already."""
    if session.first(Image) is not None:
        return
    values = {
        "name": NAME,
        "visibility": "public",
        "disk_format": "raw",
        "container_format": "bare",
        "properties": {"hw_simulated": "true"},
    }
    image = rules.create_image(context, session, values)
    with files.upload(image.id) as upload:
        upload.write(CONTENT)
        rules.uploaded(context, session, image, upload.finish())
