"""What alembic runs to reach the database: `run.configuration` gives the engine, the declarations the schema."""

from __future__ import annotations

from alembic import context

from brume.cloud.store.schema import make_metadata

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=make_metadata(),
        render_as_batch=True,  # SQLite cannot alter a column in place
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
