"""Actions that begin with their own word and ask a service: neighbours, forwarding database, logs, meters, queues,
events, samples, affinity.

One function an action, called right after the word; `SERVICES` is the dictionary (the rest is in `action_words`).
"""

from .action_context import ActionContext
from .action_options import parse_event_options
from .action_words import Word
from .constants import Constant, Format
from .endpoints import parse_endpoint
from .service_steps import (
    BindVirtualPort,
    CommitEcmpNextHop,
    CommitLbAffinity,
    ForwardGroup,
    GetBinding,
    HandleServiceCheck,
    Log,
    PutBinding,
    PutFdb,
    Sample,
    SetMeter,
    SetQueue,
    TriggerEvent,
)
from .steps import Step

MAXIMUM_QUEUE = 0xF000
SEVERITIES = ("alert", "warning", "notice", "info", "debug")


def _get_binding(name: str, bits: int) -> Word:
    def parse(parser: ActionContext) -> Step:
        parser.expect("(")
        port = parser.parse_sized_field(0)
        parser.expect(",")
        address = parser.parse_sized_field(bits)
        parser.expect(")")
        return GetBinding(name, port, address)

    return parse


def _put_binding(name: str, bits: int) -> Word:
    def parse(parser: ActionContext) -> Step:
        parser.expect("(")
        port = parser.parse_sized_field(0)
        parser.expect(",")
        address = parser.parse_sized_field(bits)
        parser.expect(",")
        mac = parser.parse_sized_field(48)
        parser.expect(")")
        return PutBinding(name, port, address, mac)

    return parse


def _put_fdb(parser: ActionContext) -> Step:
    parser.expect("(")
    port = parser.parse_sized_field(0)
    parser.expect(",")
    mac = parser.parse_sized_field(48)
    parser.expect(")")
    return PutFdb(port, mac)


def _set_queue(parser: ActionContext) -> Step:
    parser.expect("(")
    queue = parser.small_integer()
    if queue is None:
        raise parser.syntax_error("expecting `;'")
    parser.advance()
    parser.expect(")")
    if queue > MAXIMUM_QUEUE:
        raise parser.error(f"Queue ID {queue} for set_queue is not in valid range 0 to {MAXIMUM_QUEUE}.")
    return SetQueue(queue)


def _log(parser: ActionContext) -> Step:
    found: dict[str, str] = {}
    if parser.accept("("):
        while not parser.accept(")"):
            name, value = _log_argument(parser)
            found[name] = value
            parser.accept(",")
    if "verdict" not in found:
        raise parser.syntax_error("expecting verdict")
    return Log(found["verdict"], found.get("severity", "info"), found.get("name"), found.get("meter"))


def _log_argument(parser: ActionContext) -> tuple[str, str]:
    for name, values in (("verdict", ("drop", "reject", "allow")), ("severity", SEVERITIES)):
        if parser.accept_name(name):
            parser.expect("=")
            value = parser.token.text
            if name == "severity" and parser.token.kind != "identifier":
                raise parser.syntax_error("expecting severity")
            if parser.token.kind != "identifier" or value not in values:
                raise parser.syntax_error(f"unknown {name}")
            parser.advance()
            return name, value
    for name in ("name", "meter"):
        if parser.accept_name(name):
            parser.expect("=")
            if name == "name" and parser.token.kind == "string" and len(parser.token.text.encode()) >= 64:
                raise parser.syntax_error("name must be shorter than 64 characters")
            return name, parser.parse_string()
    raise parser.syntax_error()


def _set_meter(parser: ActionContext) -> Step:
    parser.expect("(")
    rate = _meter_number(parser)
    burst = _meter_number(parser) if parser.accept(",") else 0
    parser.expect(")")
    if not rate:
        raise parser.error(f"Rate {rate} for set_meter is not in valid.")
    return SetMeter(rate, burst)


def _meter_number(parser: ActionContext) -> int:
    number = parser.accept_decimal()
    if number is None:
        parser.advance()
    return number or 0


def _trigger_event(parser: ActionContext) -> Step:
    parser.expect("(")
    if not parser.accept_name("event"):
        raise parser.syntax_error("Expecting 'event' option")
    parser.expect("=")
    if parser.token.kind != "string" or len(parser.token.text) >= 64:
        raise parser.syntax_error("Expecting string")
    event = parser.token.text
    if event != "empty_lb_backends":
        raise parser.syntax_error("Unknown event '-1'")
    parser.advance()
    parser.accept(",")
    return TriggerEvent(event, parse_event_options(parser, event))


def _bind_vport(parser: ActionContext) -> Step:
    parser.expect("(")
    port = parser.parse_string("expecting port name string")
    parser.expect(",")
    parent = parser.parse_sized_field(0)
    parser.expect(")")
    return BindVirtualPort(port, parent)


def _handle_svc_check(parser: ActionContext) -> Step:
    parser.expect("(")
    port = parser.parse_sized_field(0)
    parser.expect(")")
    return HandleServiceCheck(port)


def _fwd_group(parser: ActionContext) -> Step:
    liveness = False
    ports: list[str] = []
    if parser.accept("("):
        if parser.accept_name("liveness"):
            parser.expect("=")
            liveness = parser.parse_boolean()
            parser.expect(",")
        if parser.accept_name("childports"):
            parser.expect("=")
            while not parser.accept(")"):
                ports.append(parser.parse_string("expecting logical switch port"))
                parser.accept(",")
    return ForwardGroup(tuple(ports), liveness, parser.position.table + 1)


def _sample(parser: ActionContext) -> Step:
    found: dict[str, int | None] = {}
    if parser.accept("("):
        while not parser.accept(")"):
            name, value = _sample_argument(parser)
            found[name] = value
            parser.accept(",")
    probability = found.get("probability") or 0
    if not probability:
        raise parser.error("probability must be greater than zero")
    collector, domain = found.get("collector_set") or 0, found.get("obs_domain") or 0
    return Sample(probability, collector, domain, found.get("obs_point", 0))


def _sample_argument(parser: ActionContext) -> tuple[str, int | None]:
    for name in ("probability", "obs_point", "obs_domain", "collector_set"):
        if parser.accept_name(name):
            parser.expect("=")
            return name, _sample_value(parser, name)
    raise parser.syntax_error("unknown argument")


def _sample_value(parser: ActionContext, name: str) -> int | None:
    if name == "probability":
        decimal = parser.token.constant is not None and parser.token.constant.format is Format.DECIMAL
        return parser.parse_16_bits("probability") if decimal else 0
    if name == "obs_point":
        if parser.token.kind == "address set" and parser.token.text == "cookie":
            parser.advance()
            return None
        point = parser.accept_decimal()
        if point is None:
            raise parser.syntax_error("malformed sample observation_point_id")
        return point & 0xFFFFFFFF
    constant = parser.token.constant
    value = constant.value & 0xFFFFFFFF if constant is not None and constant.format is Format.DECIMAL else 0
    if name == "obs_domain" and value > 0xFF:
        raise parser.syntax_error("obs_domain must be 8-bit long")
    parser.advance()
    return value


def _commit_ecmp_nh(parser: ActionContext) -> Step:
    parser.expect("(")
    parser.parse_parameter("ipv6")
    ipv6 = parser.parse_boolean()
    parser.expect(",")
    parser.parse_parameter("proto")
    protocol = parser.parse_protocol()
    parser.expect(")")
    return CommitEcmpNextHop(ipv6, protocol)


def _commit_lb_aff(parser: ActionContext) -> Step:
    parser.expect("(")
    vip, vip_port = _affinity_endpoint(parser, "vip")
    parser.advance()
    parser.expect(",")
    backend, backend_port = _affinity_endpoint(parser, "backend")
    if backend.format is not vip.format:
        raise parser.syntax_error("invalid protocol family")
    parser.advance()
    parser.expect(",")
    protocol = ""
    if vip_port:
        parser.parse_parameter("proto")
        protocol = parser.parse_protocol()
        parser.expect(",")
    parser.parse_parameter("timeout")
    timeout = parser.parse_16_bits("affinity timeout")
    parser.expect(")")
    return CommitLbAffinity(vip, vip_port, backend, backend_port, protocol, timeout)


def _affinity_endpoint(parser: ActionContext, name: str) -> tuple[Constant, int]:
    """The endpoint after `name =`; its string is left to be skipped, so that errors point at it."""
    parser.parse_parameter(name)
    found = parse_endpoint(parser.token.text) if parser.token.kind == "string" else None
    if found is None:
        raise parser.syntax_error("invalid parameter")
    return found


SERVICES: dict[str, Word] = {
    "get_arp": _get_binding("get_arp", 32),
    "put_arp": _put_binding("put_arp", 32),
    "get_nd": _get_binding("get_nd", 128),
    "put_nd": _put_binding("put_nd", 128),
    "put_fdb": _put_fdb,
    "set_queue": _set_queue,
    "log": _log,
    "set_meter": _set_meter,
    "trigger_event": _trigger_event,
    "bind_vport": _bind_vport,
    "handle_svc_check": _handle_svc_check,
    "fwd_group": _fwd_group,
    "sample": _sample,
    "commit_ecmp_nh": _commit_ecmp_nh,
    "commit_lb_aff": _commit_lb_aff,
}
