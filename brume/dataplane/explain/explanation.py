"""What a trace tells: values only, for the text (`text`) and for programs (`as_dict`)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from brume.dataplane.explain.packets import Protocol

Outcome = Literal["answered", "delivered", "dropped"]
Kind = Literal["emission", "routing", "encapsulation", "underlay", "delivery", "reply"]


class TraceRequest(msgspec.Struct, frozen=True):
    """The question: one packet of `protocol` (to `port`) from a host to a host or address."""

    source: str
    destination: str
    protocol: Protocol = "icmp"
    port: int | None = None
    family: Literal[4, 6] | None = None  # None: IPv4 if both ends have it

    def __str__(self) -> str:
        return f"{self.source} -> {self.destination}, {self.what}"

    @property
    def what(self) -> str:
        """The kind of packet: `ICMP echo`, `tcp/80`."""
        if self.protocol == "icmp":
            return "ICMPv6 echo" if self.family == 6 else "ICMP echo"
        return f"{self.protocol}/{self.port}"


class TraceError(Exception):
    """The question cannot be asked: no such host, no such port. The text is for the user."""


class Because(msgspec.Struct, frozen=True):
    """A row behind a flow: southbound, northbound or cloud; the request that made a cloud's row."""

    stage: str
    table: str
    identity: str
    label: str
    request: str | None = None


class Changed(msgspec.Struct, frozen=True):
    """A header field's value before and after."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.field} {self.before} -> {self.after}"


class TableStep(msgspec.Struct, frozen=True):
    """One OpenFlow table: the flow that matched (as ovs-ofctl prints it; None: none did), what changed, and why it
    is there. `shown`: worth a teacher's words; the rest is summed up."""

    chassis: str
    bridge: str
    table: int
    title: str
    purpose: str
    datapath: str
    pipeline: str
    flow: str | None
    changes: tuple[str, ...]
    notable: tuple[str, ...]
    because: tuple[Because, ...] = ()
    helpers: tuple[TableStep, ...] = ()
    headers: tuple[Changed, ...] = ()
    tracked: tuple[str, ...] = ()
    shown: bool = True


class Octets(msgspec.Struct, frozen=True):
    """Some octets of a header, in hexadecimal, and what they say."""

    header: str
    octets: str
    text: str


class Step(msgspec.Struct, frozen=True):
    """One of the numbered steps. `facts` are sentences; `tables` what the packet met; `octets` headers explained."""

    number: int
    kind: Kind
    title: str
    place: str = ""
    facts: tuple[str, ...] = ()
    tables: tuple[TableStep, ...] = ()
    octets: tuple[Octets, ...] = ()
    after: tuple[str, ...] = ()


class Cause(msgspec.Struct, frozen=True):
    """Who dropped the packet, in the user's words, and what would let it through."""

    who: str
    cure: tuple[str, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """The whole answer."""

    request: TraceRequest
    outcome: Outcome
    verdict: str
    steps: tuple[Step, ...]
    cause: Cause | None = None
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether packets go both ways."""
        return self.outcome == "answered"

    def as_dict(self) -> dict[str, Any]:
        """For programs: everything, tables that only pass the packet on included."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found
