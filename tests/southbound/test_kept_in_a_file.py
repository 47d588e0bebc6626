"""After any random changes of a northbound, the southbound's file holds what it does, but for logical flows."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis.stateful import invariant, rule

from brume.ovsdb.storage.file import open_file, read_file
from brume.ovsdb.store import Store
from brume.southbound.schema import SOUTHBOUND
from tests.ovsdb.storage_lab import content
from tests.southbound.test_incremental_equals_full import Machine


class KeptInAFile(Machine):
    """The same changes, and a file behind the southbound."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.warnings: list[str] = []
        path = Path(self.directory.name) / "sb.db"
        self.file = open_file(str(path), store=Store(self.southbound, SOUTHBOUND), warn=self.warnings.append)
        self.file.compact()  # rows were there before the file was
        self.southbound.subscribe(self.file.append)

    @rule()
    def compact(self) -> None:
        self.file.compact()

    @invariant()
    def the_file_holds_what_the_southbound_does(self) -> None:
        kept = content(read_file(self.file.path, SOUTHBOUND, warn=self.warnings.append))
        assert kept == {**content(self.file.store), "Logical_Flow": {}}
        assert self.warnings == []

    def teardown(self) -> None:
        self.file.close()
        self.directory.cleanup()


TestKeptInAFile = KeptInAFile.TestCase
TestKeptInAFile.settings = settings(max_examples=10, stateful_step_count=15, deadline=None)
