"""Guests: simulated hosts that are plugged into chassis, and the system they run in, as commands and traces see both.

Two systems have guests: the embedded cloud, whose guests are the interfaces of its servers, and the lab, where a guest
is what somebody bound to a logical port.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from brume.dataplane.explain.provenance import Provenance
from brume.packets.ethernet import put_tag, take_tag
from brume.service.network import LogicalNetwork
from brume.simulator.clock import Scheduler
from brume.simulator.host.host import Host


class Node(Protocol):
    """Where a guest's interfaces are plugged: a chassis."""

    def plug(self, port: str, deliver: Callable[[bytes], object]) -> Callable[[bytes], None]:
        """Give a port of this name; frames for it are handed to `deliver`, its own are handed to what is returned."""

    def unplug(self, port: str) -> None:
        """Take the port away."""


Watch = Callable[[float, bytes], object]


class Link:
    """The cable between a host and its node's switch: passes frames on, and shows them to who watches."""

    def __init__(self, scheduler: Scheduler, host: Host) -> None:
        self._scheduler = scheduler
        self._host = host
        self._watches: list[Watch] = []
        self._inject: Callable[[bytes], object] = unplugged
        self._inside: dict[int, Link] = {}
        host.send = self.from_host

    def connect(self, node: Node, port: str) -> None:
        """Plug the far end in."""
        self._inject = node.plug(port, self.to_host)

    def carry(self, tag: int, other: Link) -> None:
        """Let another host's frames go by this cable, with a VLAN tag: a container's, inside this host."""
        self._inside[tag] = other
        other._inject = lambda frame: self.from_host(put_tag(frame, tag))

    def let_go(self, tag: int) -> None:
        """The container is no more."""
        self._inside.pop(tag)._inject = unplugged

    def tap(self, watch: Watch) -> Callable[[], None]:
        """Show every frame to `watch`, until what is returned is called."""
        self._watches.append(watch)
        return lambda: self._watches.remove(watch)

    def from_host(self, frame: bytes) -> None:
        """The host sends."""
        self._show(frame)
        self._inject(frame)

    def to_host(self, frame: bytes) -> None:
        """The switch delivers."""
        self._show(frame)
        tag, untagged = take_tag(frame) if self._inside else (0, frame)
        if tag in self._inside:
            self._inside[tag].to_host(untagged)
        else:
            self._host.receive(frame)

    def _show(self, frame: bytes) -> None:
        for watch in self._watches:
            watch(self._scheduler.now(), frame)


def unplugged(frame: bytes) -> None:
    """Where frames of a host go before it is plugged in."""


class Inside(NamedTuple):
    """Where a container's frames go: by the card of the port it is inside, with a VLAN tag."""

    port: str
    tag: int


class Guest(NamedTuple):
    """One interface of a guest; `name` is what users call it, `port` the logical port it is plugged in as."""

    name: str
    port: str
    host: Host
    link: Link
    inside: Inside | None = None


class System(Protocol):
    """What runs, as the commands of the control socket see it."""

    @property
    def network(self) -> LogicalNetwork:
        """The network from NB down."""

    def named(self, name: str) -> Sequence[Guest]:
        """The interfaces of all guests that are called so; none if there is no such guest, or it does not run."""

    def only(self, name: str) -> Sequence[Guest]:
        """The interfaces of the one guest that is called so; ControlError says why there is none."""

    def at_port(self, port: str) -> Guest | None:
        """What is plugged in as a logical port."""

    def inside(self, port: str, tag: int) -> str | None:
        """The logical port of the container with a VLAN tag inside what is plugged in as a port."""

    def provenance(self) -> Provenance:
        """What flows and rows come from; good for one question."""

    def status(self) -> Iterator[str]:
        """What is running, a line each, and what is wrong with it."""
