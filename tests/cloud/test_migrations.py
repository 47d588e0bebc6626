"""A fresh database and a migrated one are the same, and both are what the declarations say."""

import sqlalchemy as sql
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from brume.cloud.migrations import HEAD
from brume.cloud.migrations.run import newest, upgrade
from brume.cloud.store.engine import Store
from brume.cloud.store.schema import make_metadata, schema_version


def test_the_migrations_make_what_is_declared(tmp_path):
    engine = sql.create_engine(f"sqlite:///{tmp_path}/migrated.db")
    upgrade(engine)
    with engine.connect() as connection:
        assert schema_version(connection) == HEAD == newest()
        differences = compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True}), make_metadata()
        )
    engine.dispose()
    assert differences == []


def test_a_fresh_database_is_stamped_without_alembic(tmp_path):
    url = f"sqlite:///{tmp_path}/fresh.db"
    Store(url).close()
    engine = sql.create_engine(url)
    with engine.connect() as connection:
        assert schema_version(connection) == HEAD
        tables = set(sql.inspect(connection).get_table_names())
        head = connection.execute(sql.text("select sequence, oldest from journal_head")).one()
    engine.dispose()
    assert tables == {*make_metadata().tables, "alembic_version"}
    assert tuple(head) == (0, 1)


def test_a_migrated_database_opens_as_a_store(tmp_path):
    url = f"sqlite:///{tmp_path}/migrated.db"
    engine = sql.create_engine(url)
    upgrade(engine)
    engine.dispose()
    store = Store(url)
    assert store.head() == 0
    store.close()
