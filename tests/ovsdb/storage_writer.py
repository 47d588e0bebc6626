"""A process that writes a database file until it is killed, and says on its standard output what is written.

    python storage_writer.py FILE durable|kept compact|grow

Each line is the name of a thing whose transaction `append` has taken. With `compact` the file is compacted, while
things are written, all the time.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.ovsdb.storage_lab import Shelf, content


async def write(path: Path, durable: bool, compact: bool) -> None:
    box = Shelf(path)
    if not content(box.store)["Box"]:
        box.add_box("a")
    compaction: asyncio.Future[None] | None = None
    number = len(content(box.store)["Thing"])
    while True:
        box.add_thing(f"t{number}", durable=durable)
        os.write(1, f"t{number}\n".encode())
        number += 1
        if compact and (compaction is None or compaction.done()):
            compaction = asyncio.ensure_future(box.file.compact_while_serving())
        await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), sys.argv[2] == "durable", sys.argv[3] == "compact"))
