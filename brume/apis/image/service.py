"""The image service as data: versions, routes, policy."""

from __future__ import annotations

from brume.apis.image import data, images, schemas
from brume.apis.rest.messages import Request, Response
from brume.apis.rest.routes import Route, Router
from brume.apis.rest.service import Service
from brume.apis.rest.styles import GlanceStyle
from brume.cloud.policy import Policy

VERSIONS = ("v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0")


def versions(request: Request) -> Response:
    """GET /: the versions, 300 as Glance answers."""
    links = [{"rel": "self", "href": f"{request.base}/v2/"}]
    value = [
        {"id": version, "status": "CURRENT" if version == VERSIONS[0] else "SUPPORTED", "links": links}
        for version in VERSIONS
    ]
    return Response(300 if not request.path.strip("/") else 200, {"versions": value})


IMAGE = "/v2/images/{image_id}"

ROUTES = (
    Route("GET", "/", versions, public=True),
    Route("GET", "/versions", versions, public=True),
    Route("POST", "/v2/images", images.create),
    Route("GET", "/v2/images", images.list_images),
    Route("GET", IMAGE, images.show),
    Route("PATCH", IMAGE, images.patch),
    Route("DELETE", IMAGE, images.delete, writes=False),
    Route("PUT", f"{IMAGE}/file", data.upload, writes=False, stream=True),
    Route("GET", f"{IMAGE}/file", data.download),
    Route("PUT", f"{IMAGE}/tags/{{tag}}", images.add_tag),
    Route("DELETE", f"{IMAGE}/tags/{{tag}}", images.remove_tag),
    Route("POST", f"{IMAGE}/actions/deactivate", images.deactivate),
    Route("POST", f"{IMAGE}/actions/reactivate", images.reactivate),
    Route("GET", "/v2/schemas/image", schemas.show_image),
    Route("GET", "/v2/schemas/images", schemas.show_images),
)

SERVICE = Service(
    name="image",
    mount="/image",
    title="Images (Glance v2)",
    style=GlanceStyle(),
    policy=Policy({"context_is_admin": "role:admin"}),
    router=Router(ROUTES),
)
