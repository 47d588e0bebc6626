"""Our OVSDB server in a thread of this process, for real programs to talk to. A helper, not a test.

    with OurServer(tmp_path, Store(Database("nb"), NORTHBOUND)) as server:
        run("ovn-nbctl", f"--db={server.unix}", "ls-add", "left", directory=tmp_path)
        server.call(lambda: server.stores["OVN_Northbound"].database.rows(LogicalSwitch))

`call` runs a function in the server's thread: stores are used by one thread only.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop

from brume.ovsdb.server.connections import SECONDS_TO_STATUS, ConnectionFollower
from brume.ovsdb.server.entrance import ANY_TERMS, Terms
from brume.ovsdb.server.host import Host
from brume.ovsdb.server.keeping import Storage
from brume.ovsdb.server.server import Server, host_on
from brume.ovsdb.store import Store
from brume.ovsdb.tls import TlsContexts
from brume.ovsdb.wire.remotes import parse_remote

T = TypeVar("T")


class OurServer:
    """A server of stores on a unix socket (`unix:DIRECTORY/ours.sock`) and on a free TCP port of 127.0.0.1."""

    def __init__(
        self,
        directory: Path,
        *stores: Store,
        storages: dict[str, Storage] | None = None,
        tls: TlsContexts | None = None,
    ) -> None:
        self.stores = {store.schema.name: store for store in stores}
        self.unix = f"unix:{directory}/ours.sock"
        self.tcp = ""
        self.host: Host
        self.server: Server
        self._followers: list[ConnectionFollower] = []
        self._tls = tls
        self._storages = storages or {}
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.wait(self._start())
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for follower in self._followers:
            self.wait(follower.stop())
        self.wait(self.server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        self.host = host_on(asyncio.get_running_loop())
        for name, store in self.stores.items():
            self.host.add(store, self._storages.get(name))
        self.server = Server(self.host, tls=self._tls)
        await self.server.open(parse_remote(f"p{self.unix}"))
        listener = await self.server.open(parse_remote("ptcp:0:127.0.0.1"))
        self.tcp = f"tcp:127.0.0.1:{listener.port}"

    def listen(self, remote: str, terms: Terms = ANY_TERMS) -> int:
        """Listen on one more remote; the port."""
        return self.wait(self.server.open(parse_remote(remote), terms)).port

    def follow(self, database: str, table: str, *, seconds_to_status: float = SECONDS_TO_STATUS) -> None:
        """From now on, also open the remotes that the rows of a database ask for in `connections` of a table."""

        async def start() -> None:
            store = self.stores[database]
            found = ConnectionFollower(self.server, store, table, "connections", seconds_to_status=seconds_to_status)
            await found.start()
            self._followers.append(found)

        self.wait(start())

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the server's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def call(self, function: Callable[[], T]) -> T:
        """Run a function in the server's thread."""

        async def run() -> T:
            return function()

        return self.wait(run())
