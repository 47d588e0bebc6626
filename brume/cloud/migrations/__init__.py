"""Migrations: how an old database becomes a present one (alembic).

    versions/    one file per step; the newest one's name is HEAD
    run.py       upgrade a database; write a new step from the difference (`python -m brume.cloud.migrations.run`)

A fresh database does not come here: it is made from the declarations and stamped with HEAD (`store.schema`).
"""

HEAD = "0001"
"""The newest migration. A test compares it with the files, and the schema they make with the declarations."""
