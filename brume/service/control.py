"""The control socket: runs the commands of `brume exec`, `trace`, ... for whoever may open it (mode 0600).

A command is a coroutine function from its arguments to messages. A client that hangs up ends its command; an error
that a command foresees (ControlError) is said to the client, any other is logged and said to be one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from inspect import signature
from typing import Any, get_type_hints

import msgspec

from brume.cli.control import Message, Request
from brume.cli.paths import Paths, socket_address

log = logging.getLogger(__name__)

Command = Callable[..., AsyncIterator[Message]]

LONGEST_REQUEST = 64 * 1024


class ControlError(Exception):
    """A command cannot be done; the text is for the user."""


def checked(command: Command, request: Request) -> dict[str, Any]:
    """A request's arguments, if they are those the command takes, by its signature; ValidationError otherwise."""
    hints = get_type_hints(command)
    fields: list[Any] = []
    for parameter in signature(command).parameters.values():
        field = (parameter.name, hints.get(parameter.name, Any))
        fields.append(field if parameter.default is parameter.empty else (*field, parameter.default))
    shape = msgspec.defstruct("Arguments", fields, forbid_unknown_fields=True, kw_only=True)
    try:
        return msgspec.structs.asdict(msgspec.convert(request.arguments, shape))
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(f"{request.command}: {error}") from None


class ControlServer:
    """Serves commands on the control socket of a data directory."""

    def __init__(self, paths: Paths, commands: Mapping[str, Command]) -> None:
        self._paths = paths
        self._commands = commands
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. A socket that an earlier process left behind is replaced."""
        self._paths.control_socket.unlink(missing_ok=True)
        address, descriptor = socket_address(self._paths.control_socket)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, address, limit=LONGEST_REQUEST)
        finally:
            os.umask(before)
            os.close(descriptor)

    async def stop(self) -> None:
        """Stop listening and end what is running."""
        if self._server is not None:
            self._server.close()
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._paths.control_socket.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            log.debug("a control client hung up")
        finally:
            self._running.discard(task)
            with contextlib.suppress(ConnectionError):
                writer.close()
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(message: Message) -> None:
            writer.write(msgspec.json.encode(message) + b"\n")
            await writer.drain()

        try:
            request = msgspec.json.decode(await reader.readuntil(), type=Request)
            command = self._commands.get(request.command)
            if command is None:
                raise ControlError(f"no command {request.command}; there are {', '.join(self._commands)}")
            await self._run(command, checked(command, request), reader, send)
        except (msgspec.DecodeError, asyncio.LimitOverrunError) as error:
            await send(Message(error=f"not a request: {error}", exit=2))
        except ControlError as error:
            await send(Message(error=str(error), exit=1))
        except (ConnectionError, asyncio.IncompleteReadError):
            raise
        except Exception:
            log.exception("a control command failed")
            await send(Message(error="the command failed inside the cloud; its log says why", exit=1))

    async def _run(
        self, command: Command, arguments: dict[str, Any], reader: asyncio.StreamReader, send: Callable[[Message], Any]
    ) -> None:
        """Pass the command's messages on until it ends or the client hangs up."""
        messages = command(**arguments)
        hangup = asyncio.ensure_future(reader.read(1))
        try:
            while True:
                following = asyncio.ensure_future(anext(messages, None))
                done, _ = await asyncio.wait({following, hangup}, return_when=asyncio.FIRST_COMPLETED)
                if following not in done:
                    following.cancel()
                    await asyncio.gather(following, return_exceptions=True)
                    raise ConnectionResetError("the client hung up")
                message = following.result()
                if message is None:
                    await send(Message(exit=0))
                    return
                await send(message)
                if message.exit is not None:
                    return
        finally:
            hangup.cancel()
            with contextlib.suppress(RuntimeError):
                await messages.aclose()  # type: ignore[attr-defined]
