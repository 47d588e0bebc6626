"""The steps that ask a service: neighbours, forwarding database, DHCP, logs, meters, queues, events, affinity.

Same rules as `steps`: a `name` to dispatch on, `Subfield` targets, `str()` as OVN prints.
"""

import msgspec

from .constants import Constant, quote
from .dhcp_options import OptionType
from .endpoints import endpoint
from .symbols import Subfield


class GetBinding(msgspec.Struct, frozen=True):
    """get_arp and get_nd: set eth.dst to the address learned for this neighbour, or to zero."""

    name: str
    port: Subfield
    address: Subfield

    def __str__(self) -> str:
        return f"{self.name}({self.port}, {self.address});"


class PutBinding(msgspec.Struct, frozen=True):
    """put_arp and put_nd: learn a neighbour."""

    name: str
    port: Subfield
    address: Subfield
    mac: Subfield

    def __str__(self) -> str:
        return f"{self.name}({self.port}, {self.address}, {self.mac});"


class LookupBinding(msgspec.Struct, frozen=True):
    """lookup_arp, lookup_nd, and with `_ip` the same without the MAC: is this neighbour already learned?"""

    name: str
    target: Subfield
    port: Subfield
    address: Subfield
    mac: Subfield | None = None

    def __str__(self) -> str:
        mac = f", {self.mac}" if self.mac else ""
        return f"{self.target} = {self.name}({self.port}, {self.address}{mac});"


class OptionValue(msgspec.Struct, frozen=True):
    """One option with its values."""

    option: OptionType
    values: tuple[Constant | str, ...]
    braces: bool = False

    def __str__(self) -> str:
        values = ", ".join(quote(value) if isinstance(value, str) else str(value) for value in self.values)
        return f"{self.option.name} = " + (f"{{{values}}}" if self.braces or len(self.values) != 1 else values)


class PutOptions(msgspec.Struct, frozen=True):
    """put_dhcp_opts, put_dhcpv6_opts, put_nd_ra_opts: turn the packet into an answer with these options."""

    name: str
    target: Subfield
    options: tuple[OptionValue, ...]

    def __str__(self) -> str:
        return f"{self.target} = {self.name}({', '.join(map(str, self.options))});"


class Result(msgspec.Struct, frozen=True):
    """`target = name()`: dns_lookup, chk_lb_hairpin[_reply], chk_lb_aff, chk_ecmp_nh[_mac], check_(in|out)_port_sec."""

    name: str
    target: Subfield

    def __str__(self) -> str:
        return f"{self.target} = {self.name}();"


class CheckPacketLarger(msgspec.Struct, frozen=True):
    """`target = check_pkt_larger(length)`."""

    name = "check_pkt_larger"
    target: Subfield
    length: int

    def __str__(self) -> str:
        return f"{self.target} = check_pkt_larger({self.length});"


class SetQueue(msgspec.Struct, frozen=True):
    """The queue the packet leaves by."""

    name = "set_queue"
    queue: int

    def __str__(self) -> str:
        return f"set_queue({self.queue});"


class Log(msgspec.Struct, frozen=True):
    """Have the packet logged by the controller; `label` is the ACL's name."""

    name = "log"
    verdict: str
    severity: str = "info"
    label: str | None = None
    meter: str | None = None

    def __str__(self) -> str:
        label = f'name="{self.label}", ' if self.label is not None else ""
        meter = f', meter="{self.meter}"' if self.meter is not None else ""
        return f"log({label}verdict={self.verdict}, severity={self.severity}{meter});"


class SetMeter(msgspec.Struct, frozen=True):
    """Limit the rate, in kilobits per second."""

    name = "set_meter"
    rate: int
    burst: int = 0

    def __str__(self) -> str:
        return f"set_meter({self.rate}, {self.burst});" if self.burst else f"set_meter({self.rate});"


class TriggerEvent(msgspec.Struct, frozen=True):
    """Tell the controller."""

    name = "trigger_event"
    event: str
    options: tuple[OptionValue, ...] = ()

    def __str__(self) -> str:
        return f"trigger_event({', '.join([f'event = {quote(self.event)}', *map(str, self.options)])});"


class BindVirtualPort(msgspec.Struct, frozen=True):
    """The virtual port is here now, behind its parent."""

    name = "bind_vport"
    port: str
    parent: Subfield

    def __str__(self) -> str:
        return f'bind_vport("{self.port}", {self.parent});'


class HandleServiceCheck(msgspec.Struct, frozen=True):
    """Give a service monitor's answer to the controller."""

    name = "handle_svc_check"
    port: Subfield

    def __str__(self) -> str:
        return f"handle_svc_check({self.port});"


class ForwardGroup(msgspec.Struct, frozen=True):
    """Choose one of the child ports."""

    name = "fwd_group"
    ports: tuple[str, ...]
    liveness: bool
    table: int

    def __str__(self) -> str:
        liveness = 'liveness="true", ' if self.liveness else ""
        ports = "childports=" + ", ".join(f'"{port}"' for port in self.ports) if self.ports else ""
        return f"fwd_group({liveness}{ports});"


class PutFdb(msgspec.Struct, frozen=True):
    """Learn a MAC on a port."""

    name = "put_fdb"
    port: Subfield
    mac: Subfield

    def __str__(self) -> str:
        return f"put_fdb({self.port}, {self.mac});"


class GetFdb(msgspec.Struct, frozen=True):
    """`target = get_fdb(mac)`: the port the MAC was learned on."""

    name = "get_fdb"
    target: Subfield
    mac: Subfield

    def __str__(self) -> str:
        return f"{self.target} = get_fdb({self.mac});"


class LookupFdb(msgspec.Struct, frozen=True):
    """`target = lookup_fdb(port, mac)`: is the MAC already learned on this port?"""

    name = "lookup_fdb"
    target: Subfield
    port: Subfield
    mac: Subfield

    def __str__(self) -> str:
        return f"{self.target} = lookup_fdb({self.port}, {self.mac});"


class Sample(msgspec.Struct, frozen=True):
    """Send a sample to a collector; `point` None means the flow's cookie."""

    name = "sample"
    probability: int
    collector_set: int = 0
    domain: int = 0
    point: int | None = 0

    def __str__(self) -> str:
        point = "$cookie" if self.point is None else str(self.point)
        return (
            f"sample(probability={self.probability},collector_set={self.collector_set},"
            f"obs_domain={self.domain},obs_point={point});"
        )


class CommitEcmpNextHop(msgspec.Struct, frozen=True):
    """Remember which next hop this connection came by."""

    name = "commit_ecmp_nh"
    ipv6: bool
    protocol: str

    def __str__(self) -> str:
        return f"commit_ecmp_nh(ipv6 = {'true' if self.ipv6 else 'false'}, proto = {self.protocol});"


class CommitLbAffinity(msgspec.Struct, frozen=True):
    """Remember which backend serves this client."""

    name = "commit_lb_aff"
    vip: Constant
    vip_port: int
    backend: Constant
    backend_port: int
    protocol: str
    timeout: int

    def __str__(self) -> str:
        protocol = f", proto = {self.protocol}" if self.protocol else ""
        return (
            f'commit_lb_aff(vip = "{endpoint(self.vip, self.vip_port, True)}", '
            f'backend = "{endpoint(self.backend, self.backend_port, True)}"{protocol}, timeout = {self.timeout});'
        )
