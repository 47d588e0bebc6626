"""Options in parentheses: DHCP, router advertisements, controller events."""

import uuid
from collections.abc import Mapping

from .action_context import ActionContext
from .constants import Constant, Format
from .dhcp_options import EVENT_OPTIONS, OPTION_TABLES, OptionType
from .endpoints import parse_endpoint
from .service_steps import OptionValue, PutOptions
from .steps import Step
from .symbols import Subfield


def parse_put_options(parser: ActionContext, name: str, target: Subfield) -> Step:
    """`name(option = value, ...)`, at its word."""
    parser.advance()
    parser.advance()
    parser.check_bit(target)
    table, kind = OPTION_TABLES[name]
    options = _parse_options(parser, table, kind)
    if name == "put_dhcp_opts" and not any(value.option.code == 0 for value in options):
        raise parser.error("put_dhcp_opts requires offerip to be specified.")
    if name == "put_nd_ra_opts":
        _check_router_advertisement(parser, options)
        parser.require("ip6")
    return PutOptions(name, target, options)


def parse_event_options(parser: ActionContext, event: str) -> tuple[OptionValue, ...]:
    """The options of trigger_event, up to the closing parenthesis."""
    options = _parse_options(parser, EVENT_OPTIONS[event], event)
    for option in options:
        _check_event_option(parser, option)
    return options


def _parse_options(parser: ActionContext, table: Mapping[str, OptionType], kind: str) -> tuple[OptionValue, ...]:
    options: list[OptionValue] = []
    while not parser.accept(")"):
        options.append(_parse_option(parser, table, kind))
        parser.accept(",")
    return tuple(options)


def _parse_option(parser: ActionContext, table: Mapping[str, OptionType], kind: str) -> OptionValue:
    if parser.token.kind != "identifier":
        raise parser.syntax_error()
    option = table.get(parser.token.text)
    if option is None:
        raise parser.syntax_error(f"expecting {kind} option name")
    parser.advance()
    parser.expect("=")
    constants = parser.parse_constant_set()
    wanted = option.wants_string
    if wanted is not None and wanted != constants.is_string:
        raise parser.error(f"{kind} option {option.name} requires {'string' if wanted else 'numeric'} value.")
    values = tuple(element for element in constants.elements if isinstance(element, Constant | str))
    return OptionValue(option, values, constants.braces)


def _check_router_advertisement(parser: ActionContext, options: tuple[OptionValue, ...]) -> None:
    given = {value.option.name: value.values[0] for value in options}
    for value in options:
        if len(value.values) > 1 or not _is_sound(value.option.name, value.values[0]):
            raise parser.error(f'Invalid value for "{value.option.name}" option')
    if "slla" not in given:
        raise parser.error("slla option not present")
    if given.get("addr_mode") != "dhcpv6_stateful" and "prefix" not in given:
        raise parser.error("prefix option needs to be set when address mode is slaac/dhcpv6_stateless.")


def _is_sound(name: str, value: Constant | str) -> bool:
    if name == "addr_mode":
        return value in ("slaac", "dhcpv6_stateful", "dhcpv6_stateless")
    if name == "router_preference":
        return value in ("MEDIUM", "HIGH", "LOW")
    if isinstance(value, str):
        return bool(value)
    formats = {"slla": Format.ETHERNET, "prefix": Format.IPV6, "mtu": Format.DECIMAL, "rdnss": Format.IPV6}
    return value.format is formats[name] and (name != "prefix" or value.mask is not None)


def _check_event_option(parser: ActionContext, option: OptionValue) -> None:
    name = option.option.name
    value = option.values[0]
    if len(option.values) > 1 or not isinstance(value, str):
        raise parser.error(f'Invalid value for "{name}" option')
    if name == "vip" and parse_endpoint(value) is None:
        raise parser.error(f"Invalid load balancer VIP '{value}'")
    if name == "protocol" and value not in ("tcp", "udp", "sctp"):
        raise parser.error(f"Load balancer protocol '{value}' is not 'tcp', 'udp', or 'sctp'")
    if name == "load_balancer":
        try:
            uuid.UUID(value)
        except ValueError:
            raise parser.error(f"Load balancer '{value}' is not a UUID") from None
