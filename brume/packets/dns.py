"""DNS (RFC 1035): header, questions and answers; enough for a resolver's question and a server's answer.

Not a resolver. Rule: a compression pointer only points backwards, so that reading ends.
"""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from brume.packets.errors import PacketError
from brume.packets.header import U1, U3, U4, U16, U32, Buffer, Header, LengthOf, OctetTail, Wire
from brume.values import Ipv4Address, Ipv6Address

A: Final = 1
PTR: Final = 12
AAAA: Final = 28
INTERNET: Final = 1
NO_ERROR: Final = 0
NO_SUCH_NAME: Final = 3


class Dns(Header, frozen=True):
    """The twelve octets every message begins with."""

    identifier: U16 = 0
    response: U1 = 0
    operation: U4 = 0
    authoritative: U1 = 0
    truncated: U1 = 0
    recursion_desired: U1 = 0
    recursion_available: U1 = 0
    reserved: U3 = 0
    result: U4 = 0
    questions: U16 = 0
    answers: U16 = 0
    authorities: U16 = 0
    additionals: U16 = 0


class QuestionRest(Header, frozen=True):
    """What follows the name in a question."""

    type: U16 = A
    network_class: U16 = INTERNET


class RecordRest(Header, frozen=True):
    """What follows the name in a resource record."""

    type: U16 = A
    network_class: U16 = INTERNET
    ttl: U32 = 0
    length: ClassVar[Wire] = LengthOf("data", bits=16)
    data: OctetTail = b""


class Question(msgspec.Struct, frozen=True):
    """Which name is asked for."""

    name: str
    type: int = A


class Record(msgspec.Struct, frozen=True):
    """One answer."""

    name: str
    type: int
    ttl: int
    data: bytes

    def __str__(self) -> str:
        if self.type == A and len(self.data) == 4:
            return f"A {Ipv4Address.from_packed(self.data)}"
        if self.type == AAAA and len(self.data) == 16:
            return f"AAAA {Ipv6Address.from_packed(self.data)}"
        return f"type {self.type} {self.data.hex()}"


class DnsMessage(msgspec.Struct, frozen=True):
    """A message's header, questions and answers; other sections are counted in the header and not kept."""

    header: Dns
    questions: tuple[Question, ...] = ()
    answers: tuple[Record, ...] = ()

    @classmethod
    def parse(cls, data: Buffer, offset: int = 0) -> DnsMessage:
        """Read a UDP payload."""
        start = offset
        header = Dns.parse(data, offset)
        offset += header.size()
        questions, answers = [], []
        for _ in range(header.questions):
            name, offset = read_name(data, offset, start)
            asked = QuestionRest.parse(data, offset)
            offset += asked.size()
            questions.append(Question(name, asked.type))
        for _ in range(header.answers):
            name, offset = read_name(data, offset, start)
            record = RecordRest.parse(data, offset)
            offset += record.size()
            answers.append(Record(name, record.type, record.ttl, record.data))
        return cls(header, tuple(questions), tuple(answers))

    def pack(self) -> bytes:
        """A UDP payload, names written in full."""
        header = msgspec.structs.replace(
            self.header,
            questions=len(self.questions),
            answers=len(self.answers),
            authorities=0,
            additionals=0,
        )
        parts = [header.pack()]
        for question in self.questions:
            parts += [write_name(question.name), QuestionRest(question.type).pack()]
        for answer in self.answers:
            parts += [write_name(answer.name), RecordRest(answer.type, ttl=answer.ttl, data=answer.data).pack()]
        return b"".join(parts)


def write_name(name: str) -> bytes:
    """A name as labels; ValueError when a label is empty or longer than 63 octets."""
    octets = b""
    for label in name.rstrip(".").split(".") if name.rstrip(".") else ():
        raw = label.encode("utf-8", "surrogateescape")
        if not 0 < len(raw) < 64:
            raise ValueError(f"{name!r} is not a domain name: labels have 1 to 63 octets")
        octets += bytes((len(raw),)) + raw
    return octets + b"\0"


def read_name(data: Buffer, offset: int, start: int = 0) -> tuple[str, int]:
    """The name at `offset` and where it ends; `start` is where the message begins, which pointers count
    from."""
    labels: list[str] = []
    end: int | None = None
    lowest = offset
    while True:
        if offset >= len(data):
            raise PacketError("a domain name is cut short", offset)
        length = data[offset]
        if length >= 0xC0:
            if offset + 1 >= len(data):
                raise PacketError("a domain name is cut short", offset)
            end = offset + 2 if end is None else end
            offset = start + ((length & 0x3F) << 8 | data[offset + 1])
            if offset >= lowest:
                raise PacketError("a domain name points forwards", end - 2)
            lowest = offset
            continue
        if length > 63:
            raise PacketError(f"a domain label begins with {length:#x}", offset)
        if not length:
            return ".".join(labels), offset + 1 if end is None else end
        if offset + 1 + length > len(data):
            raise PacketError("a domain name is cut short", offset)
        labels.append(bytes(data[offset + 1 : offset + 1 + length]).decode("utf-8", "surrogateescape"))
        offset += 1 + length
