"""The control socket: whatever is written to it is answered or ended, and the next client is served."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brume.cli.control import Message
from brume.cli.paths import Paths, socket_address
from brume.service.control import LONGEST_REQUEST, ControlError, ControlServer

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]


async def count(upto: int) -> AsyncIterator[Message]:
    """So many lines."""
    for number in range(upto):
        yield Message(out=str(number))


async def wait(ended: list[str]) -> AsyncIterator[Message]:
    """Says one thing, and then nothing until it is ended."""
    yield Message(out="waiting")
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("ended")


async def refuse() -> AsyncIterator[Message]:
    raise ControlError("not that")
    yield Message()


async def fail() -> AsyncIterator[Message]:
    raise ZeroDivisionError
    yield Message()


class Bench:
    """A control server, for as long as a conversation takes."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.ended: list[str] = []
        self.commands = {"count": count, "wait": lambda: wait(self.ended), "refuse": refuse, "fail": fail}

    def talk(self, *conversations: Conversation) -> list[Any]:
        """Have these conversations at once, then ask for something ordinary; gives what each one returned."""

        async def run() -> list[Any]:
            server = ControlServer(self.paths, self.commands)
            await server.start()
            try:
                done = await asyncio.gather(*(self._one(conversation) for conversation in conversations))
                lines = await self._one(asking({"command": "count", "arguments": {"upto": 2}}))
                assert lines == [{"out": "0"}, {"out": "1"}, {"exit": 0}]
                return list(done)
            finally:
                await server.stop()

        return asyncio.run(run())

    async def _one(self, conversation: Conversation) -> Any:
        address, descriptor = socket_address(self.paths.control_socket)
        reader, writer = await asyncio.open_unix_connection(address)
        os.close(descriptor)
        try:
            return await asyncio.wait_for(conversation(reader, writer), 10)
        finally:
            writer.close()


def asking(request: Any) -> Conversation:
    """Send one request and give all lines of the answer."""
    return sending(json.dumps(request).encode() + b"\n")


def sending(octets: bytes) -> Conversation:
    """Send octets and give all lines of the answer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[Any]:
        writer.write(octets)
        return [json.loads(line) for line in (await reader.read()).splitlines()]

    return talk


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(Paths(tmp_path))


def test_errors_are_said(bench, caplog) -> None:
    assert bench.talk(asking({"command": "refuse"})) == [[{"error": "not that", "exit": 1}]]
    ((unknown,),) = bench.talk(asking({"command": "dance"}))
    assert unknown == {"error": "no command dance; there are count, wait, refuse, fail", "exit": 1}
    with caplog.at_level(logging.CRITICAL):
        ((failed,),) = bench.talk(asking({"command": "fail"}))
    assert failed["exit"] == 1
    assert "inside the cloud" in failed["error"]


@pytest.mark.parametrize("arguments", [{}, {"upto": 1, "more": 2}, {"self": 1}])
def test_arguments_a_command_does_not_take_are_the_clients_mistake(bench, arguments) -> None:
    ((answer,),) = bench.talk(asking({"command": "count", "arguments": arguments}))
    assert answer["exit"] == 2
    assert answer["error"].startswith("not a request: count")


def test_a_client_that_hangs_up_ends_its_command(bench) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"command": "wait"}\n')
        assert json.loads(await reader.readline()) == {"out": "waiting"}

    bench.talk(hang_up)
    assert bench.ended == ["ended"]


def test_clients_that_say_nothing_or_half_of_something_hold_up_nobody(bench) -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"command": "cou')
        await writer.drain()

    bench.talk(*[nothing] * 20)


def test_a_line_that_is_too_long_is_refused(bench) -> None:
    ((answer,),) = bench.talk(sending(b"x" * (2 * LONGEST_REQUEST) + b"\n"))
    assert answer["exit"] == 2


def test_a_command_that_still_runs_at_the_end_is_ended(bench) -> None:
    async def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> asyncio.StreamWriter:
        writer.write(b'{"command": "wait"}\n')
        await reader.readline()
        return writer

    bench.talk(start)
    assert bench.ended == ["ended"]
    assert not bench.paths.control_socket.exists()


def test_it_is_for_its_owner_only(bench) -> None:
    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        return stat.S_IMODE(bench.paths.control_socket.stat().st_mode)

    assert bench.talk(look) == [0o600]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
requests = st.fixed_dictionaries(
    {"command": st.sampled_from(["count", "refuse", "x"]) | values},
    optional={"arguments": st.dictionaries(st.sampled_from(["upto", "x", "self", ""]), values) | values},
)
garbage = st.one_of(
    st.binary(max_size=200),
    values.map(lambda value: json.dumps(value).encode()),
    requests.map(lambda value: json.dumps(value).encode()),
).map(lambda octets: octets.replace(b"\n", b"") + b"\n")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(octets=garbage)
def test_garbage_is_answered_with_an_exit_code(bench, octets) -> None:
    logging.disable(logging.CRITICAL)  # a command that fails inside is logged whole
    try:
        (lines,) = bench.talk(sending(octets))
    finally:
        logging.disable(logging.NOTSET)
    assert isinstance(lines[-1]["exit"], int)
    assert all("exit" not in line for line in lines[:-1])
