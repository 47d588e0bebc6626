"""One small immutable class per OpenFlow action.

Nothing here runs (`brume.dataplane`), prints (`action_text.py`) or encodes (`wire_actions.py`).
Names are those of ovs-actions(7). An empty tuple of actions drops the packet.
"""

from __future__ import annotations

import msgspec

from brume.openflow.messages.fields import Field, Subfield


class Action(msgspec.Struct, frozen=True, gc=False):
    """What every action is: a value."""


Actions = tuple[Action, ...]


class Output(Action, frozen=True):
    """Send the packet out of a port (or a reserved one: NORMAL, FLOOD, IN_PORT, CONTROLLER ...)."""

    port: int
    max_len: int = 0  # only for CONTROLLER


class OutputTruncated(Action, frozen=True):
    """Output at most max_len bytes."""

    port: int
    max_len: int


class OutputField(Action, frozen=True):
    """Output to the port a field names."""

    source: Subfield
    max_len: int = 0xFFFF


class Controller(Action, frozen=True):
    """Packet-in, with bytes that tell the controller what to do; `pause` keeps the pipeline for a resume."""

    userdata: bytes = b""
    pause: bool = False
    meter_id: int | None = None
    max_len: int = 0xFFFF
    controller_id: int = 0
    reason: int = 1  # OFPR_ACTION


class Resubmit(Action, frozen=True):
    """Look the packet up again, in another table (None: this one) and as if from another port."""

    table: int | None = None
    in_port: int | None = None
    with_ct_original: bool = False


class SetField(Action, frozen=True):
    """Set a field, or its bits under the mask; None is the whole field.

    A mask of every bit of a field that fills its bytes is None (`set_field()` sees to it). Open vSwitch tells the
    two apart only where bytes are left over: it prints 0x3f with ip_dscp when OVN gave it.
    """

    field: Field
    value: int
    mask: int | None = None

    @property
    def bits(self) -> int:
        """The bits set, unshifted."""
        return self.field.ones if self.mask is None else self.mask & self.field.ones


def set_field(target: Field, value: int, mask: int | None = None) -> SetField:
    """SetField with a mask of all the field's bytes left out."""
    whole = (1 << 8 * target.wire_bytes) - 1
    return SetField(target, value & target.ones, None if mask is None or mask & whole == whole else mask)


class Load(Action, frozen=True):
    """NXAST_REG_LOAD: set_field's older sister, for a subfield of at most 64 bits."""

    destination: Subfield
    value: int


class Move(Action, frozen=True):
    """Copy bits from field to field."""

    source: Subfield
    destination: Subfield


class Push(Action, frozen=True):
    """Put a subfield on the stack."""

    source: Subfield


class Pop(Action, frozen=True):
    """Take a subfield's value from the stack."""

    destination: Subfield


class DecTtl(Action, frozen=True):
    """One less, or packet-in (and stop) when the TTL is 1 or 0.

    None is OpenFlow's own dec_ttl; a tuple is Nicira's dec_ttl(ID,...). ovn-controller installs the empty tuple.
    """

    controller_ids: tuple[int, ...] | None = None


class Nat(Action, frozen=True):
    """Only inside Ct. `kind` is "src", "dst" or "" (whatever the connection already has).

    Addresses are integers with their IP version; `address` None is bare `nat(src)`: the all-zero SNAT.
    """

    kind: str = ""
    address: int | None = None
    address_max: int | None = None
    version: int = 4
    port: int = 0
    port_max: int = 0
    flags: tuple[str, ...] = ()  # persistent, hash, random


class Ct(Action, frozen=True):
    """Connection tracking: look up (and commit) in a zone, translate, go on in a table."""

    commit: bool = False
    force: bool = False
    table: int | None = None
    zone: int | Subfield = 0
    nat: Nat | None = None
    exec: Actions = ()
    alg: int = 0


class CtClear(Action, frozen=True):
    """Forget the packet's connection tracking state."""


class LearnSpec(msgspec.Struct, frozen=True, gc=False):
    """One line of a learn: match or load `destination` with a field's bits or a constant; or output to `source`."""

    kind: str  # "match", "load" or "output"
    width: int
    source: Subfield | int
    destination: Subfield | None = None


class Learn(Action, frozen=True):
    """Add or refresh a flow made from this packet."""

    table: int
    specs: tuple[LearnSpec, ...]
    idle_timeout: int = 0
    hard_timeout: int = 0
    priority: int = 0x8000
    cookie: int = 0
    fin_idle_timeout: int = 0
    fin_hard_timeout: int = 0
    send_flow_removed: bool = False
    delete_learned: bool = False
    limit: int = 0
    result: Subfield | None = None


class Conjunction(Action, frozen=True):
    """This match is one of the alternatives of clause `clause` (1-based) of conjunction `id`."""

    id: int
    clause: int
    clauses: int


class Note(Action, frozen=True):
    """Bytes that do nothing."""

    data: bytes


class Clone(Action, frozen=True):
    """Run actions on a copy; what they change is forgotten."""

    actions: Actions


class Group(Action, frozen=True):
    """Run a group's buckets."""

    group_id: int


class Meter(Action, frozen=True):
    """Drop when the meter's rate is passed."""

    meter_id: int


class PushVlan(Action, frozen=True):
    """Add a VLAN tag."""

    ethertype: int = 0x8100


class PopVlan(Action, frozen=True):
    """Take the VLAN tag off; `legacy` prints strip_vlan, as OpenFlow 1.0 calls it."""

    legacy: bool = False


class SetVlanVid(Action, frozen=True):
    """mod_vlan_vid (pushes a tag when there is none) or set_vlan_vid."""

    vid: int
    push: bool = True


class SetVlanPcp(Action, frozen=True):
    """mod_vlan_pcp (pushes a tag when there is none) or set_vlan_pcp."""

    pcp: int
    push: bool = True


class LegacySet(Action, frozen=True):
    """mod_dl_src, mod_dl_dst, mod_nw_src, mod_nw_dst, mod_nw_tos, mod_nw_ecn, mod_nw_ttl, mod_tp_src, mod_tp_dst."""

    name: str
    value: int


class SetTunnel(Action, frozen=True):
    """set_tunnel, set_tunnel64."""

    tunnel_id: int
    wide: bool = False


class SetQueue(Action, frozen=True):
    """Choose the queue for what is output next."""

    queue_id: int


class PopQueue(Action, frozen=True):
    """Back to the default queue."""


class Sample(Action, frozen=True):
    """Send a sample of packets to an IPFIX collector set."""

    probability: int
    collector_set_id: int = 0
    obs_domain_id: int = 0
    obs_point_id: int = 0
    sampling_port: int = 0xFFFF
    direction: str = ""  # "", "ingress", "egress"


class CheckPacketLarger(Action, frozen=True):
    """Set one bit: is the packet longer than this?"""

    length: int
    destination: Subfield


class DeleteField(Action, frozen=True):
    """Make a tunnel metadata field absent again."""

    field: Field


class Bundle(Action, frozen=True):
    """Output to one of several ports: the first that is up (active_backup), or one chosen by a hash (hrw)."""

    members: tuple[int, ...]
    algorithm: str = "active_backup"
    fields: str = "eth_src"
    basis: int = 0


class Exit(Action, frozen=True):
    """Stop everything for this packet."""


class ClearActions(Action, frozen=True):
    """Empty the action set."""


class WriteActions(Action, frozen=True):
    """Add to the action set, run when the pipeline ends."""

    actions: Actions


class WriteMetadata(Action, frozen=True):
    """Set metadata's bits under the mask."""

    value: int
    mask: int = 0xFFFFFFFFFFFFFFFF


class GotoTable(Action, frozen=True):
    """Go on in a later table."""

    table: int
