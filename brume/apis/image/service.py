"""The image service as data: versions, routes, policy."""

from __future__ import annotations

from brume.apis.image import data, images, importing, listing, members, patch, schemas
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


RULES = {"context_is_admin": "role:admin", "project_member": "role:admin or role:member"}
MEMBER = "project_member"

IMAGE = "/v2/images/{image_id}"
MEMBERS = f"{IMAGE}/members"

ROUTES = (
    Route("GET", "/", versions, public=True),
    Route("GET", "/versions", versions, public=True),
    Route("POST", "/v2/images", images.create, rule=MEMBER),
    Route("GET", "/v2/images", listing.list_images),
    Route("DELETE", "/v2/images", images.delete_nothing),
    Route("GET", IMAGE, images.show),
    Route("PATCH", IMAGE, patch.patch, rule=MEMBER),
    Route("DELETE", IMAGE, images.delete, rule=MEMBER, writes=False),
    Route("PUT", f"{IMAGE}/file", data.upload, rule=MEMBER, writes=False, stream=True),
    Route("GET", f"{IMAGE}/file", data.download),
    Route("PUT", f"{IMAGE}/stage", data.stage, rule=MEMBER, writes=False, stream=True),
    Route("POST", f"{IMAGE}/import", importing.import_image, rule=MEMBER),
    Route("PUT", f"{IMAGE}/tags/{{tag}}", images.add_tag, rule=MEMBER),
    Route("DELETE", f"{IMAGE}/tags/{{tag}}", images.remove_tag, rule=MEMBER),
    Route("POST", f"{IMAGE}/actions/deactivate", images.deactivate, rule=MEMBER),
    Route("POST", f"{IMAGE}/actions/reactivate", images.reactivate, rule=MEMBER),
    Route("GET", MEMBERS, members.list_members),
    Route("POST", MEMBERS, members.create, rule=MEMBER),
    Route("GET", f"{MEMBERS}/{{member_id}}", members.show),
    Route("PUT", f"{MEMBERS}/{{member_id}}", members.update, rule=MEMBER),
    Route("DELETE", f"{MEMBERS}/{{member_id}}", members.delete, rule=MEMBER),
    Route("GET", "/v2/info/import", importing.show_methods),
    Route("GET", "/v2/info/stores", importing.show_stores),
    Route("GET", "/v2/schemas/image", schemas.show_image),
    Route("GET", "/v2/schemas/images", schemas.show_images),
    Route("GET", "/v2/schemas/member", schemas.show_member),
    Route("GET", "/v2/schemas/members", schemas.show_members),
)

SERVICE = Service(
    name="image",
    mount="/image",
    title="Images (Glance v2)",
    style=GlanceStyle(),
    policy=Policy(RULES),
    router=Router(ROUTES),
)
