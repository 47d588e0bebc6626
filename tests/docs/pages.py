"""The reference pages that are made from declarations: tables, registers, OpenFlow tables, commands.

`PAGES` has what makes each. `docs/stages.md` and `docs/coverage.md` are made in their own rooms.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import click

from brume.northbound.from_cloud import rules as northbound_rules
from brume.northbound.schema import NORTHBOUND
from brume.openflow import registers as openflow_registers
from brume.openflow.registers import Flag
from brume.openflow.tables import PIPELINE_LENGTH, PURPOSES, Table
from brume.ovsdb.columns import Column, columns
from brume.ovsdb.schema import Schema, declaration
from brume.ovsdb.types import BaseType
from brume.service.main import main
from brume.southbound import registers as southbound_registers
from brume.southbound.schema import SOUTHBOUND
from brume.southbound.strangers import DERIVED
from tests.docs.markdown import ROOT

NOTICE: Final = "Made from the code by `BRUME_REWRITE=1 python -m pytest tests/docs`; do not edit."


def northbound() -> str:
    """The page of the northbound tables."""
    made = set(_called(Path(northbound_rules.__file__).parent))
    return _schema_page(
        "Northbound tables",
        NORTHBOUND,
        "The logical network as it was asked for. Brume derives it from the cloud's rows; the meaning of each column "
        "is the one in ovn-nb(5).",
        lambda row_type: "derived from the cloud" if row_type.__name__ in made else "declared; no rule makes rows yet",
    )


def southbound() -> str:
    """The page of the southbound tables."""
    return _schema_page(
        "Southbound tables",
        SOUTHBOUND,
        "What the nodes read: logical flows, bindings, chassis. The meaning of each column is the one in ovn-sb(5).",
        lambda row_type: (
            "derived from the northbound" if row_type in DERIVED else "not derived: nodes write it, or nobody yet"
        ),
    )


def _called(folder: Path) -> Iterator[str]:
    """The names of what the code of a folder calls: among them the row classes of which it makes rows."""
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id


def _schema_page(title: str, schema: Schema, about: str, maker: Callable[[Any], str]) -> str:
    lines = [f"# {title}", "", NOTICE, "", *_paragraph(f"Schema {schema.name} {schema.version}. {about}"), ""]
    lines += _paragraph(
        "*Observed* columns are written by what runs, never by derivation. A *relation* is a set of unlimited size,"
        " kept as pairs, so that one element more is constant work."
    )
    for name in sorted(schema.tables):
        row_type: Any = schema.tables[name]
        lines += ["", f"## {name}", "", _first_paragraph(row_type.__doc__), ""]
        lines += _paragraph(_table_facts(row_type, maker(row_type)))
        lines += ["", "| column | type | |", "|---|---|---|"]
        observed = getattr(row_type, "OBSERVED", ())
        lines += [_column_line(column, column.attribute in observed) for column in columns(row_type).values()]
    return "\n".join(lines) + "\n"


def _table_facts(row_type: Any, maker: str) -> str:
    table = declaration(row_type)
    facts = [maker]
    if not table.is_root:
        facts.append("a row goes when nothing refers to it")
    if table.max_rows == 1:
        facts.append("one row")
    facts += [f"unique by {', '.join(f'`{column}`' for column in index)}" for index in table.indexes]
    return f"Row class `{row_type.__name__}`; {'; '.join(facts)}."


def _column_line(column: Column, observed: bool) -> str:
    notes = ["observed"] * observed + ["relation"] * (column.relation is not None) + ["ephemeral"] * column.ephemeral
    return f"| `{column.name}` | {_column_type(column)} | {', '.join(notes)} |"


def _column_type(column: Column) -> str:
    kind = column.type
    if kind.value is not None:
        return f"map of {_base(kind.key)} to {_base(kind.value)}"
    if kind.is_scalar:
        return _base(kind.key)
    if kind.is_optional:
        return f"optional {_base(kind.key)}"
    least = f" ({kind.minimum} or more)" if kind.minimum else ""
    return f"set of {_base(kind.key)}{least}"


def _base(base: BaseType) -> str:
    if base.table is not None:
        return f"{'weak ' if base.weak else ''}reference to [{base.table}](#{base.table.lower()})"
    if base.enum is not None:
        return ", ".join(f"`{word}`" for word in sorted(base.enum))
    if base.minimum is not None or base.maximum is not None:
        low = "" if base.minimum is None else base.minimum
        high = "" if base.maximum is None else base.maximum
        return f"{base.atom.value} {low}..{high}"
    return base.atom.value


def registers() -> str:
    """The page of registers and flags."""
    lines = ["# Registers", "", NOTICE, ""]
    lines += _paragraph(
        "What a packet carries from table to table inside br-int. The first table is about any packet; the second is "
        "what the logical pipelines keep in the registers that are theirs, by the name that rules use."
    )
    lines += ["", "## Where logical metadata lives", "", "From `brume/openflow/registers.py`.", ""]
    lines += ["| name | field |", "|---|---|"]
    for name, value in vars(openflow_registers).items():
        if name.isupper() and isinstance(value, str):
            lines.append(f"| `{name}` | `{value}` |")
    lines += ["", f"Bits of `FLAGS` ({openflow_registers.FLAGS}):", "", "| bit | name |", "|---|---|"]
    lines += [f"| {flag.value} | `{flag.name}` |" for flag in Flag]
    lines += ["", "## What the pipelines keep", "", "From `brume/southbound/registers.py`.", ""]
    lines += ["| name | field | meaning |", "|---|---|---|"]
    for name, meaning in _documented(southbound_registers).items():
        lines.append(f"| `{name}` | `{getattr(southbound_registers, name)}` | {meaning} |")
    return "\n".join(lines) + "\n"


def _documented(module: ModuleType) -> Mapping[str, str]:
    """The constants of a module, with the string that stands after each."""
    assert module.__file__ is not None
    body = ast.parse(Path(module.__file__).read_text()).body
    found: dict[str, str] = {}
    for statement, following in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            says = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            text = str(following.value.value) if says else ""  # type: ignore[attr-defined]
            found[statement.target.id] = " ".join(text.split())
    return found


def openflow_tables() -> str:
    """The page of br-int's tables."""
    lines = ["# OpenFlow tables of br-int", "", NOTICE, ""]
    lines += _paragraph(
        "Numbers are those of OVN 23.03 (`brume/openflow/tables.py`). A logical table is found at the first table of"
        " its pipeline plus its own number: `ls_in_acl`, table 8 of the ingress pipeline, is OpenFlow table 16. The"
        " logical stages are in [stages.md](../stages.md)."
    )
    lines += ["", "| table | name | what it is for |", "|---|---|---|"]
    for table, purpose in PURPOSES.items():
        last = table + PIPELINE_LENGTH - 1
        if table is Table.EGRESS:
            last = Table.SAVE_INPORT - 1
        number = f"{table.value}-{last}" if table in (Table.INGRESS, Table.EGRESS) else str(table.value)
        lines.append(f"| {number} | `{table.name.lower()}` | {purpose} |")
    return "\n".join(lines) + "\n"


def commands() -> str:
    """The page of `brume`'s commands: their arguments and options, as declared."""
    lines = ["# Commands", "", NOTICE, "", *_paragraph("`brume COMMAND --help` says the same.")]
    assert isinstance(main, click.Group)
    for name in sorted(main.commands):
        command = main.commands[name]
        arguments = [one for one in command.params if isinstance(one, click.Argument)]
        usage = " ".join(["brume", name, "[OPTION]...", *map(_argument, arguments)])
        lines += ["", f"## brume {name}", "", "```text", usage, "```"]
        for paragraph in (command.help or "").split("\n\n"):
            lines += ["", *_paragraph(" ".join(paragraph.split()))]
        lines += ["", "| option | meaning | default |", "|---|---|---|"]
        lines += [_option_line(one) for one in command.params if isinstance(one, click.Option)]
    return "\n".join(lines) + "\n"


def _argument(argument: click.Argument) -> str:
    name = str(argument.name).upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _option_line(option: click.Option) -> str:
    value = "" if option.is_flag or option.flag_value in ("icmp",) else f" {option.type.name.split()[0].upper()}"
    names = ", ".join(f"`{one}{value}`" for one in option.opts)
    default = option.show_default if isinstance(option.show_default, str) else option.default
    shown = f"`{default}`" if option.show_default and default is not None else ""
    return f"| {names} | {option.help} | {shown} |"


def decisions() -> str:
    """The index of decisions: their titles."""
    lines = ["# Decisions", ""]
    lines += _paragraph(
        "What was decided against alternatives, and why; failed ideas included. One page each, numbered, never"
        " rewritten: a later page may overrule an earlier one. A new page takes the next number."
    )
    lines += ["", NOTICE, ""]
    for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")):
        number, _, title = path.read_text().splitlines()[0].removeprefix("# ").partition(". ")
        lines.append(f"- {number}. [{title}]({path.name})")
    return "\n".join(lines) + "\n"


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, 116, break_long_words=False, break_on_hyphens=False)


def _first_paragraph(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "docs/decisions/README.md": decisions,
    "docs/reference/northbound.md": northbound,
    "docs/reference/southbound.md": southbound,
    "docs/reference/registers.md": registers,
    "docs/reference/openflow-tables.md": openflow_tables,
    "docs/reference/commands.md": commands,
}
