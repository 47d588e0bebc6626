"""The life of a server.

        create            started             stop               stopped
    -------------> building ------> active -------------> active ----------> stopped
                   (spawning)        ^ |   (powering-off)                      |
                                     | | reboot: (rebooting), a new generation | start: (powering-on)
                                     +-+---------------------------------------+
                  failed: from anywhere to error

Left of a slash stands `vm_state`, in parentheses `task_state`. Requests set a task, agents report what became of it
(`started`, `stopped`, `failed`). A request that does not fit the state is a conflict, in Nova's words.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from brume.cloud.compute.resources import Flavor, Server, ServerAction
from brume.cloud.context import RequestContext, iso_seconds
from brume.cloud.errors import Conflict, NotFound
from brume.cloud.store.session import Session
from brume.cloud.validation import Values

RUNNING, SHUT_DOWN = 1, 4
SETTLED = ("active", "stopped")
"""The states in which what hangs on a server may be changed."""
HOSTNAME_JUNK = re.compile(r"[^a-z0-9\-]+")


class ServerNotFound(NotFound):
    template = "Instance {server_id} could not be found."


class WrongState(Conflict):
    template = "Cannot '{action}' instance {server_id} while it is in {attribute} {state}"


class ServerLocked(Conflict):
    template = "Instance {server_id} is locked"


class Report(NamedTuple):
    """What an agent says of a server it has started."""

    server_id: str
    generation: int


def get_server(context: RequestContext, session: Session, server_id: str) -> Server:
    """A server of the asker's project (any, for administrators); raises ServerNotFound."""
    server = session.get(Server, server_id)
    if server is None or not (context.is_admin or server.project_id == context.project_id):
        raise ServerNotFound(server_id=server_id)
    return server


def new_server(
    context: RequestContext, session: Session, values: Values, flavor: Flavor, host: str | None, zone: str | None
) -> Server:
    """A server that `host` is to start (None: it fits nowhere). `values`: name, image_id, what else was asked."""
    now = iso_seconds(context.now)
    server = Server(
        id=context.new_id(),
        project_id=context.project_id or "",
        user_id=context.user_id or "",
        host=host,
        zone=zone,
        task_state="spawning",
        flavor=embedded(flavor),
        hostname=values.pop("hostname", None) or hostname_of(values["name"]),
        created_at=now,
        updated_at=now,
        **values,
    )
    record(context, session, server, "create", event="compute__do_build_and_run_instance")
    return session.insert(server)


def embedded(flavor: Flavor) -> Values:
    """The flavor as a server keeps it."""
    return {
        "id": flavor.id,
        "original_name": flavor.name,
        "ram": flavor.ram,
        "vcpus": flavor.vcpus,
        "disk": flavor.disk,
        "ephemeral": flavor.ephemeral,
        "swap": flavor.swap,
        "extra_specs": flavor.extra_specs,
    }


def hostname_of(name: str) -> str:
    """A server's name as a host name (RFC 1123), as Nova makes it."""
    cleaned = HOSTNAME_JUNK.sub("-", name.lower().replace("_", "-").replace(".", "-")).strip("-")
    return cleaned[:63].rstrip("-") or "server"


def record(context: RequestContext, session: Session, server: Server, action: str, *, event: str | None = None) -> None:
    """Remember what was asked for, by which request; `event`: what the node will do. A second action in one request
    is part of the first."""
    if session.get(ServerAction, server.id, context.request_id) is None:
        now = iso_seconds(context.now)
        session.insert(
            ServerAction(
                server_id=server.id,
                request_id=context.request_id,
                action=action,
                user_id=context.user_id or "",
                project_id=server.project_id,
                started_at=now,
                updated_at=now,
                event=event,
                host=server.host,
            )
        )


def finish(context: RequestContext, session: Session, server_id: str, result: str) -> None:
    """What the node was doing for the server has become of it."""
    now = iso_seconds(context.now)
    for action in session.find(ServerAction, server_id=server_id, finished_at=None):
        if action.event is not None:
            message = "Error" if result == "Error" else None
            session.update(action, finished_at=now, updated_at=now, result=result, message=message)


def actions_of(context: RequestContext, session: Session, server_id: str) -> list[ServerAction]:
    """What was done to a server, newest first; also of one that is gone, for its project. Raises ServerNotFound."""
    found = session.find(ServerAction, server_id=server_id)
    if not found or not (context.is_admin or found[0].project_id == context.project_id):
        raise ServerNotFound(server_id=server_id)
    return sorted(found, key=lambda action: (action.started_at, action.request_id), reverse=True)


def require(context: RequestContext, server: Server, action: str, *states: str, task: bool = False) -> None:
    """Raise unless the server is in one of these vm_states, is not locked, and (`task`: or) nothing is under way."""
    if server.locked and not context.is_admin:
        raise ServerLocked(server_id=server.id)
    if states and server.vm_state not in states:
        raise WrongState(action=action, server_id=server.id, attribute="vm_state", state=server.vm_state)
    if server.task_state is not None and not task:
        raise WrongState(action=action, server_id=server.id, attribute="task_state", state=server.task_state)


def stop(context: RequestContext, session: Session, server: Server) -> Server:
    """Ask for the server to be shut down."""
    require(context, server, "stop", "active", "error")
    record(context, session, server, "stop", event="compute_stop_instance")
    return _change(context, session, server, task_state="powering-off")


def start(context: RequestContext, session: Session, server: Server) -> Server:
    """Ask for the server to be started again."""
    require(context, server, "start", "stopped")
    record(context, session, server, "start", event="compute_start_instance")
    return _change(context, session, server, task_state="powering-on", generation=server.generation + 1)


def reboot(context: RequestContext, session: Session, server: Server, hard: bool) -> Server:
    """Ask for the server to be started anew."""
    require(context, server, "reboot", "active", *(("stopped", "error") if hard else ()))
    record(context, session, server, "reboot", event="compute_reboot_instance")
    task = "rebooting_hard" if hard else "rebooting"
    return _change(context, session, server, task_state=task, generation=server.generation + 1)


def lock(context: RequestContext, session: Session, server: Server, reason: str | None) -> Server:
    """Let only administrators change it."""
    record(context, session, server, "lock")
    return _change(context, session, server, locked=True, locked_reason=reason)


def unlock(context: RequestContext, session: Session, server: Server) -> Server:
    """Let its owner change it again."""
    record(context, session, server, "unlock")
    return _change(context, session, server, locked=False, locked_reason=None)


def reset_state(context: RequestContext, session: Session, server: Server, state: str) -> Server:
    """Say by hand what the state is (administrators)."""
    return _change(context, session, server, vm_state=state, task_state=None)


def change(context: RequestContext, session: Session, server: Server, values: Values) -> Server:
    """Change what the owner may: name, description, metadata, tags, access addresses, hostname."""
    return _change(context, session, server, **values)


# what agents report


def started(context: RequestContext, session: Session, report: Report) -> None:
    """A server runs. A report about an older generation, or a server that has gone meanwhile, says nothing."""
    server = session.get(Server, report.server_id)
    if server is None or report.generation != server.generation or server.task_state == "powering-off":
        return
    launched = server.launched_at or iso_seconds(context.now)
    _change(
        context,
        session,
        server,
        vm_state="active",
        task_state=None,
        power_state=RUNNING,
        launched_at=launched,
        fault=None,
    )
    finish(context, session, server.id, "Success")


def stopped(context: RequestContext, session: Session, report: Report) -> None:
    """A server that was asked to stop has stopped."""
    server = session.get(Server, report.server_id)
    if server is not None and server.task_state == "powering-off":
        _change(context, session, server, vm_state="stopped", task_state=None, power_state=SHUT_DOWN)
        finish(context, session, server.id, "Success")


def failed(context: RequestContext, session: Session, report: Report, message: str) -> None:
    """A server could not be started."""
    server = session.get(Server, report.server_id)
    if server is not None:
        fault = {"code": 500, "created": iso_seconds(context.now), "message": message}
        _change(context, session, server, vm_state="error", task_state=None, power_state=0, fault=fault)
        finish(context, session, server.id, "Error")


def should_run(server: Server) -> bool:
    """Whether an agent should have it running."""
    return (
        server.host is not None
        and (server.vm_state in ("building", "active") or server.task_state in ("powering-on", "rebooting_hard"))
        and server.task_state != "powering-off"
    )


def _change(context: RequestContext, session: Session, server: Server, **values: object) -> Server:
    return session.update(server, **values, updated_at=iso_seconds(context.now))
