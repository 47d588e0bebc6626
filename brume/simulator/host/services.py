"""Services: what a simulated host does with TCP connections to its listening ports.

22 greets as an SSH server does, 80 answers one HTTP request with the host's name, any other port echoes.
"""

from __future__ import annotations

from brume.simulator.host.connection import Connection, OnEvent
from brume.simulator.host.connection_events import Closed, Connected, Event, Received

SSH_BANNER = b"SSH-2.0-Brume_simulated_host\r\n"


def secure_shell(connection: Connection, event: Event) -> None:
    """Greet; nobody can log in."""
    match event:
        case Connected():
            connection.send(SSH_BANNER)
        case Closed():
            connection.close()


def web(connection: Connection, event: Event) -> None:
    """Answer a request with the host's name and hang up."""
    match event:
        case Received(data=data) if connection.can_send and (b"\r\n\r\n" in data or b"\n\n" in data):
            body = f"{connection.host.name}\n".encode()
            head = f"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.send(head.encode() + body)
            connection.close()
        case Closed():
            connection.close()


def echo(connection: Connection, event: Event) -> None:
    """Send back what comes (RFC 862)."""
    match event:
        case Received(data=data):
            connection.send(data)
        case Closed():
            connection.close()


def service_for(port: int) -> OnEvent:
    """What is served on a port."""
    return {22: secure_shell, 80: web}.get(port, echo)
