"""Our OVSDB server alone, with a northbound in a file: what `ovsdb.py` runs beside ovsdb-server.

    python -m benchmarks.ovsdb_ours DIRECTORY [--profile FILE]

Keeps `nb.db` and listens on `nb.sock` in the directory, until it is terminated. With `--profile` it writes what it did
meanwhile, for `python -m pstats`.
"""

from __future__ import annotations

import asyncio
import cProfile
import signal
import sys
from pathlib import Path

import uvloop

from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.server.server import Server, host_on
from brume.ovsdb.storage.file import open_file
from brume.ovsdb.wire.remotes import parse_remote
from brume.service.collector import Collector


async def serve(directory: Path) -> None:
    """Until somebody terminates it."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    with open_file(str(directory / "nb.db"), NORTHBOUND) as file:
        host = host_on(loop)
        host.add(file.store, file)
        server = Server(host)
        await server.open(parse_remote(f"punix:{directory}/nb.sock"))
        collector = Collector(loop)
        await ended.wait()
        collector.stop()
        await server.close()


def main() -> None:
    directory = Path(sys.argv[1])
    if "--profile" not in sys.argv:
        uvloop.run(serve(directory))
        return
    profiler = cProfile.Profile()
    profiler.runcall(uvloop.run, serve(directory))
    profiler.dump_stats(sys.argv[sys.argv.index("--profile") + 1])


if __name__ == "__main__":
    main()
