"""Load balancer endpoints written as strings: `1.2.3.4`, `1.2.3.4:80`, `[::1]:80`, `::1`."""

from .constants import Constant, Format, format_ipv6, parse_integer
from .errors import ExpressionError


def parse_endpoint(text: str) -> tuple[Constant, int] | None:
    """(address, port), port 0 when there is none; None when the text is no endpoint."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            return None
        port = rest[1:]
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, ""
    if port and not (port.isdecimal() and int(port) <= 0xFFFF):
        return None
    try:
        address = parse_integer(host)
    except ExpressionError:
        return None
    return (address, int(port or 0)) if address.format in (Format.IPV4, Format.IPV6) else None


def endpoint(address: Constant, port: int, always_brackets: bool = False) -> str:
    """`1.2.3.4:80`, `[::1]:80`, or the address alone when there is no port."""
    if address.width == 32:
        return f"{address}:{port}" if port else str(address)
    bare = format_ipv6(address.value)
    text = f"[{bare}]" if port or always_brackets else bare
    return f"{text}:{port}" if port else text
