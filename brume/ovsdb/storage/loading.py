"""Loading: the records of a log become the contents of a database, under the schema that is wanted.

A record that is torn, or that says what cannot be (a deletion of what is not there), ends the log, with a warning: as
ovsdb-server has it, the next write cuts it off. If there are whole records from there on, they are first put into
`NAME.cut-at-<offset>`, since somebody may miss them.

A file with another schema of the same name is converted as `ovsdb-tool convert` does it: what the new schema does not
have is left out with a warning, what the file does not have gets its default.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from brume.ovsdb.data import datum_to_json, from_field
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.schema import Schema
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.storage.checks import settle
from brume.ovsdb.storage.contents import Contents, frozen
from brume.ovsdb.storage.log import CLUSTER, Log, LogError

Json = Any
Warn = Callable[[str], object]
_SHOWN = 200


class Loaded(NamedTuple):
    """What a log held."""

    contents: Contents
    records: int
    """Transaction records, the snapshot not counted."""
    converted_from: str | None
    """Version and checksum of the schema that the file had, if it was another one."""
    differs: bool
    """Whether the contents are other than what the records say, because something was put right."""


def load(log: Log, schema: Schema | None, warn: Warn) -> Loaded:
    """Read a log to its end; raises LogError if it is no database, or not the one that is wanted."""
    if log.magic == CLUSTER:
        raise LogError(
            "ovsdb error",
            f"{log.path}: cannot apply this operation to clustered database file"
            " (ovsdb-tool cluster-to-standalone makes a standalone one of it)",
        )
    json = log.read()
    if json is None:
        raise LogError("ovsdb error", f"{log.path}: unexpected end of file reading schema")
    try:
        of_file = read_schema(json)
        if schema is not None and of_file.name != schema.name:
            raise LogError("ovsdb error", f"{log.path} holds database {of_file.name}, not {schema.name}")
        same = schema is None or of_file.to_json() | {"cksum": ""} == schema.to_json() | {"cksum": ""}
        contents = Contents(schema if schema is not None and same else of_file)
        records = _take_records(log, contents, warn)
        if schema is not None and not same:
            contents = _convert(log, contents, schema, warn)
        differs = settle(contents, lambda said: warn(f"{log.path}: {_short(said)}"))
    except LogError:
        raise
    except OvsdbError as error:
        raise LogError(error.word, f"{log.path}: {_shown(error)}") from error
    return Loaded(contents, records, None if same else "-".join(_identity(json)), differs)


def _identity(json: Json) -> list[str]:
    return [
        part.replace("/", "_") for part in (json.get("version", ""), json.get("cksum", "").replace(" ", "-")) if part
    ]


def _take_records(log: Log, contents: Contents, warn: Warn) -> int:
    """How many records were taken since the first, which is the snapshot."""
    count = 0
    while True:
        try:
            record = log.read()
            if record is None:
                return max(count - 1, 0)
            contents.take(record)
        except OvsdbError as error:
            if not isinstance(error, LogError):
                log.unread()
            _end_here(log, error, warn)
            return max(count - 1, 0)
        count += 1
        if count == 1:
            log.mark_base()


def _end_here(log: Log, error: OvsdbError, warn: Warn) -> None:
    """Say that the log ends before the end of the file, and keep what is behind if it was more than a torn record."""
    said = f"{log.path}: {_shown(error)}; the log is used up to there (offset {log.offset})"
    rest = log.rest()
    if rest:
        kept = f"{log.path}.cut-at-{log.offset}"
        try:
            with open(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
                file.write(rest)
        except OSError as problem:
            raise LogError("I/O error", f"{said}, and what is behind cannot be put into {kept} ({problem})") from error
        said += f"; what is behind was put into {kept}"
    warn(said)


def _convert(log: Log, contents: Contents, schema: Schema, warn: Warn) -> Contents:
    found = Contents(schema, converting=True)
    found.take(_snapshot(contents))
    warn(f"{log.path}: converted from version {contents.schema.version} of the schema to {schema.version}")
    if found.left_out:
        warn(f"{log.path}: not in version {schema.version}, left out: {', '.join(found.left_out)}")
    return found


def _snapshot(contents: Contents) -> Json:
    """Everything there is, as one record."""
    return {
        name: {
            uuid: {
                column: datum_to_json(kind := table.columns[column].type, from_field(kind, frozen(value)))
                for column, value in values.items()
            }
            for uuid, values in table.rows.items()
        }
        for name, table in contents.tables.items()
    }


def _shown(error: OvsdbError) -> str:
    return _short(str(error))


def _short(text: str) -> str:
    """A text in a line: the JSON at fault may be the whole database."""
    return text if len(text) <= 4 * _SHOWN else f"{text[:_SHOWN]} ... {text[-_SHOWN:]}"
