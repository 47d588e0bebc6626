"""The schema and the statements on servers that are not here: what can be known without one."""

import pytest
import sqlalchemy as sql
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from brume.cloud.identity.resources import Project
from brume.cloud.store.columns import make_table
from brume.cloud.store.schema import make_metadata
from brume.cloud.store.statements import TableStatements

POSTGRESQL = postgresql.dialect(paramstyle="pyformat")
MYSQL = mysql.dialect(paramstyle="format")
INNODB_KEY_BYTES = 3072
BYTES_PER_CHARACTER = 4


@pytest.mark.parametrize("dialect", [POSTGRESQL, MYSQL], ids=["postgresql", "mysql"])
def test_the_schema_can_be_said_in(dialect):
    for table in make_metadata().sorted_tables:
        assert table.name in str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert len(index.name) <= 63, index.name
            assert str(CreateIndex(index).compile(dialect=dialect))


def test_keys_and_indexes_fit_into_innodb():
    for table in make_metadata().sorted_tables:
        unique = [c.columns for c in table.constraints if isinstance(c, sql.UniqueConstraint)]
        for columns in (table.primary_key.columns, *unique, *(index.columns for index in table.indexes)):
            size = sum(_size(column) for column in columns)
            assert size <= INNODB_KEY_BYTES, (table.name, [column.name for column in columns], size)


def _size(column):
    assert not isinstance(column.type, sql.Text), column
    return column.type.length * BYTES_PER_CHARACTER if isinstance(column.type, sql.String) else 8


@pytest.mark.parametrize(
    ("dialect", "marks", "bound"),
    [
        (POSTGRESQL, "%(0_name_0)s", {"0_name_0": "a", "0_id_0": "b", "0_id_1": "c", "the_limit": 5}),
        (MYSQL, "%s", ("a", "b", "c", 5)),
    ],
    ids=["postgresql", "mysql"],
)
def test_parameters_go_in_as_the_driver_wants_them(dialect, marks, bound):
    metadata = make_metadata()
    statements = TableStatements(Project.DECLARATION, metadata.tables["projects"], dialect)
    shape = ((("name", 1), ("id", 2), ("parent_id", 0)),)
    compiled = statements.select(shape, (("description", True), ("id", True)), limited=True)
    given = {"0_name_0": "a", "0_id_0": "b", "0_id_1": "c", "the_limit": 5}
    assert marks in compiled.text
    assert "IS NULL" in compiled.text
    assert compiled.bind(given) == bound


def test_a_table_is_made_once_for_a_metadata():
    metadata = sql.MetaData()
    table = make_table(Project.DECLARATION, metadata)
    assert metadata.tables["projects"] is table
    assert {column.name for column in table.primary_key} == {"id"}
