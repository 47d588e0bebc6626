"""Runs migrations, and writes a new one from the difference between the declarations and the newest migration.

    python -m brume.cloud.migrations.run revise "ports: dns domain"     the next step, to be read and committed
    python -m brume.cloud.migrations.run restart                        0001 again from nothing (before a release only)

alembic is imported here alone, and only when it is needed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

FOLDER = Path(__file__).parent


def configuration(engine: sql.Engine) -> Config:
    """alembic's settings, without a file; `env.py` takes the connection from here."""
    config = _folder()
    config.attributes["engine"] = engine
    return config


def _folder() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "step_%%(rev)s_%%(slug)s")
    return config


def upgrade(engine: sql.Engine, revision: str = "head") -> None:
    """Bring a database to a revision."""
    command.upgrade(configuration(engine), revision)


def newest() -> str | None:
    """The name of the newest migration file."""
    return ScriptDirectory.from_config(_folder()).get_current_head()


def revise(message: str) -> Path:
    """Write the next migration."""
    engine = sql.create_engine("sqlite://", poolclass=sql.StaticPool)
    head = newest()
    if head is not None:
        upgrade(engine)
    name = f"{int(head or 0) + 1:04}"
    script: Any = command.revision(configuration(engine), message, autogenerate=True, rev_id=name)
    engine.dispose()
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", script.path], check=False)  # where it is installed
    return Path(script.path)


def restart() -> Path:
    """Write the first migration again, from the declarations as they are."""
    for old in (FOLDER / "versions").glob("step_*.py"):
        old.unlink()
    return revise("the first schema")


def main(arguments: list[str]) -> int:
    """The two commands above."""
    match arguments:
        case ["revise", message]:
            print(revise(message))
        case ["restart"]:
            print(restart())
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
