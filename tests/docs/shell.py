"""Are the commands of a page commands? Programs exist, and the options and arguments of ours are right."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points

import click

from brume.service.main import main
from tests.docs.markdown import ROOT

ORDINARY = frozenset(
    (
        *("cat", "cd", "cp", "curl", "echo", "export", "git", "grep", "mkdir", "python3", "rm", "sleep", "source"),
        *("ovn-nbctl", "ovn-sbctl", "ovn-trace", "sqlite3", "tcpdump", "trap", "true", "unset", "wait", "wc", "kill"),
        *("ovn-appctl", "ovn-controller", "ovn-northd", "ovn-trace"),
        *("ovs-appctl", "ovs-vsctl", "ovs-vswitchd", "ovsdb-server", "ovsdb-tool"),
    )
)
"""Programs that a reader has, or is told to get."""
ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")
JOINTS = frozenset(("|", "&&", "||", ";", "&", "then", "do", "if", "!"))


class Wrong(ValueError):
    """A command that would not work."""


def check(script: str) -> None:
    """Raise Wrong for the first command of a script that would not work."""
    for words in _commands(script):
        _check(words)


def _commands(script: str) -> Iterator[list[str]]:
    lines = script.replace("\\\n", " ").splitlines()
    for line in lines:
        lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars="|&;")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in lexer:
            if word in JOINTS:
                yield words
                words = []
            else:
                words.append(word)
        yield words


def _check(words: list[str]) -> None:
    while words and ASSIGNMENT.fullmatch(words[0]):
        words = words[1:]
    words = [word for word in words if not word.startswith((">", "2>", "<"))]
    if not words or words[0] in ("fi", "done", "else"):
        return
    program, *arguments = words
    program = program.removeprefix(".venv/bin/").removeprefix("venv/bin/").removeprefix("$BRUME/")
    if program == "brume":
        _check_brume(arguments)
    elif program == "openstack":
        _check_openstack(arguments)
    elif program == "pip":
        return
    elif program == "python":
        _check_python(arguments)
    elif "/" in program:
        if not (ROOT / program).exists():
            raise Wrong(f"there is no {program}")
    elif program not in ORDINARY:
        raise Wrong(f"{program} is not known to be a program")


def _check_brume(arguments: list[str]) -> None:
    assert isinstance(main, click.Group)
    if arguments[:1] == ["--version"]:
        return
    name = arguments[0] if arguments else ""
    command = main.commands.get(name)
    if isinstance(command, click.Group) and arguments[1:] and not arguments[1].startswith("-"):
        arguments, name = arguments[1:], f"{name} {arguments[1]}"
        command = command.commands.get(arguments[0])
    if command is None:
        raise Wrong(f"brume has no command {name!r}")
    context = click.Context(command, info_name=name, **command.context_settings)
    try:
        given, _, _ = command.make_parser(context).parse_args(arguments[1:])
    except click.UsageError as error:
        raise Wrong(f"brume {' '.join(arguments)}: {error.message}") from error
    missing = [one.name for one in command.params if one.required and not _is_given(given.get(str(one.name)))]
    if missing:
        raise Wrong(f"brume {' '.join(arguments)}: {missing} missing")


def _is_given(value: object) -> bool:
    """Click's parser has a mark of its own for what was not given."""
    return isinstance(value, str | tuple) and bool(value)


@cache
def _openstack_commands() -> frozenset[str]:
    groups = ("openstack.common", "openstack.cli", "openstack.identity.v3", "openstack.network.v2")
    more = ("openstack.compute.v2", "openstack.image.v2")
    return frozenset(point.name for group in (*groups, *more) for point in entry_points(group=group))


def _check_openstack(arguments: list[str]) -> None:
    words = [word for word in arguments if not word.startswith("-")]
    names = {"_".join(words[:count]) for count in range(1, 6)}
    if not names & _openstack_commands():
        raise Wrong(f"openstack has no command {' '.join(words[:4])}")


def _check_python(arguments: list[str]) -> None:
    if arguments[:1] != ["-m"]:
        return
    try:
        found = importlib.util.find_spec(arguments[1])
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise Wrong(f"there is no module {arguments[1]}")
