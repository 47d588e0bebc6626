"""Databases served together, and the sessions of those who talk to them: what one ovsdb-server process is.

    host = Host(new_uuid=random_uuid, now=milliseconds, timer=timer, report=log_it)
    host.add(Store(database, NORTHBOUND), file)
    session = host.connect("tcp:10.0.0.7:40312")

The database `_Server` says what is served; clients ask it first. Those who have not said that they watch it
(`set_db_change_aware`) are disconnected when a database is added or removed, so that they look again.
"""

from __future__ import annotations

from collections.abc import Callable

from brume.ovsdb.json_text import print_json
from brume.ovsdb.permissions import ANYBODY, Identity
from brume.ovsdb.served_databases import SERVER, ServedDatabase
from brume.ovsdb.server.keeping import Storage
from brume.ovsdb.server.locks import Locks
from brume.ovsdb.server.output import DEFAULT_LIMITS, Limits
from brume.ovsdb.server.served import Report, Served
from brume.ovsdb.server.session import PROBE, Session
from brume.ovsdb.server.waiting import Now, Timer
from brume.ovsdb.store import Store
from brume.ovsdb.wire.messages import notification
from brume.tables.database import Database, Transaction


class Host:
    """The databases of a server, and its clients."""

    def __init__(self, *, new_uuid: Callable[[], str], now: Now, timer: Timer, report: Report) -> None:
        self.new_uuid = new_uuid
        self.now = now
        self.timer = timer
        self.report = report
        self.server_id = new_uuid()
        self.locks = Locks()
        self.sessions: dict[Session, None] = {}
        self.served: dict[str, Served] = {}
        self._rows: dict[str, str] = {}
        self._directory = Database(SERVER.name)
        self.add(Store(self._directory, SERVER))

    def add(self, store: Store, storage: Storage | None = None) -> Served:
        """Serve a database; its change sets are kept in `storage`."""
        name = store.schema.name
        if name in self.served:
            raise ValueError(f"{name} is served already")
        self._disconnect(f"adding {name} database")
        served = Served(store, storage, new_uuid=self.new_uuid, timer=self.timer, report=self.report)
        self.served[name] = served
        self._rows[name] = self.new_uuid()
        transaction = Transaction()
        schema = print_json(store.schema.to_json())
        transaction.put(ServedDatabase(uuid=self._rows[name], name=name, schema=schema))
        self._directory.apply(transaction)
        return served

    def remove(self, name: str) -> None:
        """Serve a database no more."""
        served = self.served.pop(name)
        for session in list(self.sessions):
            self._forget(session, served)
        self._disconnect(f"removing {name} database")
        served.close()
        transaction = Transaction()
        transaction.delete(ServedDatabase, self._rows.pop(name))
        self._directory.apply(transaction)

    def connect(
        self,
        name: str,
        *,
        read_only: bool = False,
        identity: Identity = ANYBODY,
        probe: int = PROBE,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Session:
        """A client has connected, or we to it."""
        session = Session(self, name, read_only=read_only, identity=identity, probe=probe, limits=limits)
        self.sessions[session] = None
        return session

    def close(self) -> None:
        """End all sessions, and serve nothing any more."""
        for session in list(self.sessions):
            session.fail("the server ends")
        for served in self.served.values():
            served.close()

    def _disconnect(self, reason: str) -> None:
        for session in list(self.sessions):
            if not session.db_change_aware:
                session.fail(reason)

    def _forget(self, session: Session, served: Served) -> None:
        """A database goes: its monitors and waiting transactions go before it."""
        for name, (where, monitor) in list(session.monitors.items()):
            if where is served:
                del session.monitors[name]
                served.watchers.unwatch(monitor)
                if session.db_change_aware:
                    session.send(notification("monitor_canceled", [monitor.identity]))
        for name, (where, waiting) in list(session.waiting.items()):
            if where is served:
                del session.waiting[name]
                waiting.stop()
                served.waiting.pop(waiting, None)
