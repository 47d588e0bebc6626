"""What each method of OVSDB answers (RFC 7047, section 4.1, and ovsdb-server(7)); errors have ovsdb-server's words."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import TYPE_CHECKING

from brume.ovsdb.data import Json, is_id, is_uuid
from brume.ovsdb.errors import OvsdbError, syntax_error
from brume.ovsdb.permissions import PERMISSION_ERROR
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.server.history import ZERO_ID
from brume.ovsdb.server.requests import read_condition_changes, read_selections
from brume.ovsdb.server.served import Served
from brume.ovsdb.server.waiting import Waiting
from brume.ovsdb.transact import Outcome
from brume.ovsdb.wire.messages import Message, print_json, refusal

if TYPE_CHECKING:
    from brume.ovsdb.server.session import Session

Method = Callable[["Session", Message], None]


def name_of(identity: Json) -> str:
    """An id of any JSON as a key: equal ids have equal names, whatever order their members have; 1.0 is 1."""
    if isinstance(identity, float) and identity.is_integer():
        return repr(int(identity))
    if isinstance(identity, list):
        return f"[{','.join(map(name_of, identity))}]"
    if isinstance(identity, dict):
        return f"{{{','.join(f'{name!r}:{name_of(identity[name])}' for name in sorted(identity))}}}"
    return repr(identity)


def _params(message: Message) -> list[Json]:
    return message.params or []


def _database(session: Session, message: Message) -> Served:
    params = _params(message)
    if not params or not isinstance(params[0], str):
        raise syntax_error(params, f"{message.method} request params must begin with <db-name>")
    served = session.host.served.get(params[0])
    if served is None:
        details = f"{message.method} request specifies unknown database {params[0]}"
        raise syntax_error(params, details, "unknown database")
    return served


def echo(session: Session, message: Message) -> None:
    """The parameters, back."""
    session.answer(_params(message), message.id)


def list_dbs(session: Session, message: Message) -> None:
    """The names of the databases."""
    session.answer(list(session.host.served), message.id)


def get_schema(session: Session, message: Message) -> None:
    """The schema of a database."""
    session.answer(_database(session, message).schema, message.id)


def get_server_id(session: Session, message: Message) -> None:
    """A uuid that is another one each time the server starts."""
    session.answer(session.host.server_id, message.id)


def set_db_change_aware(session: Session, message: Message) -> None:
    """Whether the client wants to stay when databases come and go."""
    params = _params(message)
    if len(params) != 1 or not isinstance(params[0], bool):
        raise syntax_error(params, "set_db_change_aware: true or false parameter expected")
    session.db_change_aware = params[0]
    session.answer({}, message.id)


# transactions


def transact(session: Session, message: Message) -> None:
    """Run a transaction; if it has to wait, answer later."""
    served = _database(session, message)
    params, identity = _params(message), message.id
    if session.waiting and name_of(identity) in session.waiting:
        raise syntax_error(params, "transact: duplicate request ID")

    def attempt(elapsed: int) -> Outcome:
        owned = [claim.name for claim in session.claims.values() if session.host.locks.owns(claim)]
        return served.transact(
            params, locks=owned, read_only=session.read_only, identity=session.identity, elapsed=elapsed
        )

    outcome = attempt(0)
    if outcome.results is not None:
        session.answer(outcome.results, identity)
        return

    name = name_of(identity)

    def done(results: Json) -> None:
        session.waiting.pop(name, None)
        served.waiting.pop(waiting, None)
        session.answer(results, identity)

    waiting = Waiting(attempt, done, now=session.host.now, timer=session.host.timer)
    session.waiting[name] = (served, waiting)
    served.waiting[waiting] = None
    waiting.arm(outcome.timeout)


def cancel(session: Session, params: list[Json]) -> None:
    """A notification: take back a transaction that waits. ovsdb-server tells so only who is aware of changes."""
    if len(params) != 1:
        return
    found = session.waiting.pop(name_of(params[0]), None)
    if found is None:
        return
    served, waiting = found
    waiting.stop()
    served.waiting.pop(waiting, None)
    if session.db_change_aware:
        session.send(refusal("canceled", params[0]))


def convert(session: Session, message: Message) -> None:
    """The schema a database has already is granted; another one is not: the file is converted when it is opened."""
    served = _database(session, message)
    params = _params(message)
    if session.identity.role:
        what = f'"convert" of database {served.name} (only the root role may convert databases)'
        raise OvsdbError(PERMISSION_ERROR, f"{session.identity} prohibit {what}")
    if len(params) != 2:
        raise syntax_error(params, "array expected")
    schema = read_schema(params[1])
    if schema.name != served.name:
        raise OvsdbError(
            "invalid parameters", f"new schema name ({schema.name}) does not match database name ({served.name})"
        )
    if schema.to_json() != served.store.schema.to_json():
        raise OvsdbError("not supported", "a database that is served cannot be converted")
    session.answer({}, message.id)


# monitors


def monitor(session: Session, message: Message) -> None:
    """RFC 7047's monitor."""
    _monitor(session, message, 1)


def monitor_cond(session: Session, message: Message) -> None:
    """A monitor with conditions."""
    _monitor(session, message, 2)


def monitor_cond_since(session: Session, message: Message) -> None:
    """A monitor that may go on where an earlier one ended."""
    _monitor(session, message, 3)


def _monitor(session: Session, message: Message, version: int) -> None:
    served = _database(session, message)
    params = _params(message)
    if len(params) != version + 1 if version > 1 else len(params) < 3:
        raise syntax_error(params, "invalid parameters")
    identity = params[1]
    name = name_of(identity)
    if not isinstance(params[2], dict):
        raise syntax_error(params[2], "monitor-requests must be object")
    if name in session.monitors:
        raise syntax_error(identity, "duplicate monitor ID")
    selections = read_selections(served.store, params[2], conditional=version > 1)
    last_id = _last_id(params[3]) if version == 3 else ZERO_ID
    found = served.watch(session, identity, version, selections)
    session.monitors[name] = (served, found)
    head, tail = b'{"id":' + print_json(message.id) + b',"result":', b',"error":null}'
    if version < 3:
        session.send_dump(head, found.group.dump(), tail)
        return
    newest = print_json(served.watchers.history.last_id)
    if served.watchers.history.knows(last_id):
        missed = served.watchers.updates_since(found, last_id)
        session.tell_much(chain((head + b"[true," + newest + b",",), missed, (b"]" + tail,)))
    else:
        session.send_dump(head + b"[false," + newest + b",", found.group.dump(), b"]" + tail)


def _last_id(json: Json) -> str:
    if not isinstance(json, str):
        raise syntax_error(json, "last-txn-id must be string")
    if not is_uuid(json):
        raise syntax_error(json, "last-txn-id must be UUID format.")
    return json.lower()


def monitor_cond_change(session: Session, message: Message) -> None:
    """Other conditions for a monitor, and perhaps another id."""
    params = _params(message)
    if len(params) != 3:
        raise syntax_error(params, "invalid parameters")
    name, new_name = name_of(params[0]), name_of(params[1])
    if name not in session.monitors:
        raise syntax_error(params[0], "unknown monitor session")
    if name != new_name and new_name in session.monitors:
        raise syntax_error(params[1], "duplicate monitor ID")
    served, found = session.monitors[name]
    selections, conditional = found.group.selections, found.version > 1
    changes = read_condition_changes(served.store, selections, params[2], conditional=conditional)
    del session.monitors[name]
    session.monitors[new_name] = (served, found)
    found.rename(params[1])
    updates = served.watchers.change_conditions(found, changes)
    if updates is not None:
        session.send(found.message(updates, served.watchers.history.last_id))
    session.answer({}, message.id)


def monitor_cancel(session: Session, message: Message) -> None:
    """The end of a monitor."""
    params = _params(message)
    if len(params) != 1:
        session.send(refusal("invalid parameters", message.id))
        return
    found = session.monitors.pop(name_of(params[0]), None)
    if found is None:
        session.send(refusal("unknown monitor", message.id))
        return
    served, cancelled = found
    served.watchers.unwatch(cancelled)
    session.answer({}, message.id)


# locks

_READ_ONLY = "lock and unlock methods not allowed, DB server is read only."


def _lock_name(message: Message) -> str:
    params = _params(message)
    if len(params) != 1 or not is_id(params[0]):
        raise syntax_error(params, f"{message.method} request params must be <id>")
    found: str = params[0]
    return found


def lock(session: Session, message: Message) -> None:
    """Stand in the queue for a lock; `steal`: at its head."""
    if session.read_only:
        session.send(refusal(_READ_ONLY, message.id))
        return
    name = _lock_name(message)
    if name in session.claims:
        raise syntax_error(_params(message), f'must issue "unlock" before new "{message.method}"')
    locks = session.host.locks
    claim = session.claims[name] = locks.claim(session, name, steal=message.method == "steal")
    session.answer({"locked": locks.owns(claim)}, message.id)


def unlock(session: Session, message: Message) -> None:
    """Leave the queue."""
    if session.read_only:
        session.send(refusal(_READ_ONLY, message.id))
        return
    claim = session.claims.pop(_lock_name(message), None)
    if claim is None:
        raise syntax_error(_params(message), 'unlock: "unlock" without "lock" or "steal"')
    session.host.locks.release(claim)
    session.answer({}, message.id)


METHODS: dict[str, Method] = {
    "echo": echo,
    "list_dbs": list_dbs,
    "get_schema": get_schema,
    "get_server_id": get_server_id,
    "set_db_change_aware": set_db_change_aware,
    "transact": transact,
    "convert": convert,
    "monitor": monitor,
    "monitor_cond": monitor_cond,
    "monitor_cond_since": monitor_cond_since,
    "monitor_cond_change": monitor_cond_change,
    "monitor_cancel": monitor_cancel,
    "lock": lock,
    "steal": lock,
    "unlock": unlock,
}
