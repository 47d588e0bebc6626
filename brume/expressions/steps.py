"""The steps a logical flow's actions are made of, typed and parsed.

Every step has a `name`, the word it begins with in the language (`load`, `move`, `exchange`, `decrement` for those
that begin with a field), so that a compiler can dispatch on it. A target is a `Subfield`: `target.resolve()` gives the
OpenFlow field and bits. Where OVN numbers tables, `table` is the logical table where processing goes on. `str()` gives
the text OVN prints.
"""

from typing import TypeAlias

import msgspec

from .constants import Constant, quote
from .endpoints import endpoint
from .service_steps import (
    BindVirtualPort,
    CheckPacketLarger,
    CommitEcmpNextHop,
    CommitLbAffinity,
    ForwardGroup,
    GetBinding,
    GetFdb,
    HandleServiceCheck,
    Log,
    LookupBinding,
    LookupFdb,
    OptionValue,
    PutBinding,
    PutFdb,
    PutOptions,
    Result,
    Sample,
    SetMeter,
    SetQueue,
    TriggerEvent,
)
from .symbols import Subfield

__all__ = [
    "Backend",
    "BindVirtualPort",
    "CheckPacketLarger",
    "CommitEcmpNextHop",
    "CommitLbAffinity",
    "CtCommitMarks",
    "CtCommitNat",
    "CtLb",
    "CtNat",
    "CtNext",
    "DecrementTtl",
    "Exchange",
    "ForwardGroup",
    "GetBinding",
    "GetFdb",
    "HandleServiceCheck",
    "Load",
    "LoadPacketField",
    "Log",
    "LookupBinding",
    "LookupFdb",
    "Move",
    "Nested",
    "Next",
    "OptionValue",
    "Output",
    "Plain",
    "PutBinding",
    "PutFdb",
    "PutOptions",
    "Result",
    "Sample",
    "Select",
    "SetMeter",
    "SetQueue",
    "Stack",
    "Step",
    "TriggerEvent",
    "format_steps",
]


class Output(msgspec.Struct, frozen=True):
    """Deliver the packet to the logical outport."""

    name = "output"

    def __str__(self) -> str:
        return "output;"


class Next(msgspec.Struct, frozen=True):
    """Go on in another logical table; without arguments in the one after this."""

    name = "next"
    table: int
    pipeline: str
    from_table: int
    from_pipeline: str

    def __str__(self) -> str:
        if self.pipeline != self.from_pipeline:
            return f"next(pipeline={self.pipeline}, table={self.table});"
        return "next;" if self.table == self.from_table + 1 else f"next({self.table});"


class Load(msgspec.Struct, frozen=True):
    """`target = constant`: a number, or a port's name for inport and outport."""

    name = "load"
    target: Subfield
    value: Constant | str

    def __str__(self) -> str:
        value = quote(self.value) if isinstance(self.value, str) else str(self.value)
        return f"{self.target} = {value};"


class LoadPacketField(msgspec.Struct, frozen=True):
    """`icmp4.frag_mtu = 1500`: a field of the packet that only the controller can set."""

    name = "load_packet_field"
    target: Subfield
    value: Constant

    def __str__(self) -> str:
        return f"{self.target} = {self.value.value};"


class Move(msgspec.Struct, frozen=True):
    """`target = source`."""

    name = "move"
    target: Subfield
    source: Subfield

    def __str__(self) -> str:
        return f"{self.target} = {self.source};"


class Exchange(msgspec.Struct, frozen=True):
    """`left <-> right`."""

    name = "exchange"
    left: Subfield
    right: Subfield

    def __str__(self) -> str:
        return f"{self.left} <-> {self.right};"


class Stack(msgspec.Struct, frozen=True):
    """`push(field)` and `pop(field)`."""

    name: str
    field: Subfield

    def __str__(self) -> str:
        return f"{self.name}({self.field});"


class DecrementTtl(msgspec.Struct, frozen=True):
    """`ip.ttl--`; a packet whose TTL reaches zero is dropped."""

    name = "decrement"

    def __str__(self) -> str:
        return "ip.ttl--;"


class Plain(msgspec.Struct, frozen=True):
    """A step that is only a word: ct_clear, igmp, handle_dhcpv6_reply, handle_bfd_msg, ct_snat_to_vip."""

    name: str

    def __str__(self) -> str:
        return f"{self.name}();" if self.name == "handle_bfd_msg" else f"{self.name};"


class CtNext(msgspec.Struct, frozen=True):
    """Track the connection, then go on in the next table."""

    name = "ct_next"
    table: int

    def __str__(self) -> str:
        return "ct_next;"


class CtCommitMarks(msgspec.Struct, frozen=True):
    """`ct_commit(ct_mark=..., ct_label=...)`, the old form."""

    name = "ct_commit_v1"
    mark: int = 0
    mark_mask: int = 0
    label: int = 0
    label_mask: int = 0

    def __str__(self) -> str:
        parts: list[str] = []
        if self.mark_mask:
            # C's %#x writes zero without a prefix.
            value = f"{self.mark:#x}" if self.mark else "0"
            parts.append(f"ct_mark={value}" + (f"/{self.mark_mask:#x}" if self.mark_mask != 0xFFFFFFFF else ""))
        if self.label_mask:
            mask = f"/{self.label_mask:#x}" if self.label_mask != (1 << 128) - 1 else ""
            parts.append(f"ct_label={self.label:#x}{mask}")
        return f"ct_commit({', '.join(parts)});" if parts else "ct_commit;"


class Nested(msgspec.Struct, frozen=True):
    """Steps between braces: clone, ct_commit, or on a packet made from this one (arp, icmp4, nd_na, reject ...)."""

    name: str
    steps: "tuple[Step, ...]"

    def __str__(self) -> str:
        if self.name == "ct_commit" and not self.steps:
            return "ct_commit;"
        return f"{self.name} {{ {format_steps(self.steps)} }};"


class CtNat(msgspec.Struct, frozen=True):
    """ct_dnat, ct_snat and their `_in_czone` forms; without an address, only undo what was translated before."""

    name: str
    table: int
    address: Constant | None = None
    port_low: int | None = None
    port_high: int = 0

    def __str__(self) -> str:
        if self.address is None:
            return f"{self.name};"
        ports = "" if self.port_low is None else f",{self.port_low}"
        ports += f"-{self.port_high}" if self.port_high else ""
        return f"{self.name}({self.address}{ports});"


class CtCommitNat(msgspec.Struct, frozen=True):
    """Commit the connection with the translation it has, then go on in the next table."""

    name = "ct_commit_nat"
    table: int

    def __str__(self) -> str:
        return "ct_commit_nat;"


class Backend(msgspec.Struct, frozen=True):
    """One backend of a load balancer; port 0 keeps the packet's."""

    address: Constant
    port: int = 0

    def __str__(self) -> str:
        return endpoint(self.address, self.port)


class CtLb(msgspec.Struct, frozen=True):
    """ct_lb and ct_lb_mark: choose a backend; without backends, undo the translation of an established connection."""

    name: str
    table: int
    backends: tuple[Backend, ...] = ()
    hash_fields: str = ""
    flag: str = ""
    """`skip_snat`, `force_snat` or nothing."""

    def __str__(self) -> str:
        if not self.backends:
            return f"{self.name};"
        fields = f'; hash_fields="{self.hash_fields}"' if self.hash_fields else ""
        flag = f"; {self.flag}" if self.flag else ""
        return f"{self.name}(backends={','.join(map(str, self.backends))}{fields}{flag});"


class Select(msgspec.Struct, frozen=True):
    """`target = select(id=weight, ...)`: one id, by weight (ECMP)."""

    name = "select"
    target: Subfield
    members: tuple[tuple[int, int], ...]
    table: int

    def __str__(self) -> str:
        members = ", ".join(f"{member}={weight}" for member, weight in self.members)
        return f"{self.target} = select({members});"


Step: TypeAlias = (
    Output
    | Next
    | Load
    | LoadPacketField
    | Move
    | Exchange
    | Stack
    | DecrementTtl
    | Plain
    | CtNext
    | CtCommitMarks
    | Nested
    | CtNat
    | CtCommitNat
    | CtLb
    | Select
    | GetBinding
    | PutBinding
    | LookupBinding
    | PutOptions
    | Result
    | CheckPacketLarger
    | SetQueue
    | Log
    | SetMeter
    | TriggerEvent
    | BindVirtualPort
    | HandleServiceCheck
    | ForwardGroup
    | PutFdb
    | GetFdb
    | LookupFdb
    | Sample
    | CommitEcmpNextHop
    | CommitLbAffinity
)


def format_steps(steps: tuple[Step, ...]) -> str:
    """The steps as OVN prints them; none is `drop;`."""
    return " ".join(map(str, steps)) if steps else "drop;"
