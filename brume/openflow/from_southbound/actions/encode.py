"""Which step is encoded by whom, as tables; and the encoding of a whole list of steps.

A step that nests others is given the encoder itself, so that no module imports this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from brume.expressions import steps
from brume.expressions.steps import Step
from brume.openflow.from_southbound.actions import (
    affinity,
    basic,
    choice,
    conntrack,
    controller,
    dhcp,
    lookups,
    next_hops,
    router_advertisement,
)
from brume.openflow.from_southbound.actions.context import CannotEncode, Context
from brume.openflow.messages.actions import Action, Actions

Encoder = Callable[[tuple[Step, ...], Context], Actions]
StepEncoder = Callable[[Any, Context], Actions]
NestingEncoder = Callable[[Any, Context, Encoder], Actions]

ENCODERS: Final[Mapping[type, StepEncoder]] = {
    steps.Output: basic.output,
    steps.Next: basic.go_on,
    steps.Load: basic.assign,
    steps.LoadPacketField: controller.packet_field,
    steps.Move: basic.move,
    steps.Exchange: basic.exchange,
    steps.Stack: basic.stack,
    steps.DecrementTtl: basic.decrement_ttl,
    steps.CtNext: conntrack.track,
    steps.CtCommitMarks: conntrack.commit_marks,
    steps.CtNat: conntrack.translate,
    steps.CtCommitNat: conntrack.commit_nat,
    steps.CtLb: choice.balance,
    steps.Select: choice.select,
    steps.ForwardGroup: choice.spread,
    steps.SetMeter: choice.limit,
    steps.GetBinding: lookups.get_binding,
    steps.PutBinding: controller.put_binding,
    steps.LookupBinding: lookups.lookup_binding,
    steps.CheckPacketLarger: basic.check_packet_larger,
    steps.SetQueue: basic.set_queue,
    steps.Log: controller.log,
    steps.BindVirtualPort: controller.bind_virtual_port,
    steps.HandleServiceCheck: controller.handle_service_check,
    steps.TriggerEvent: controller.trigger_event,
    steps.PutFdb: controller.put_fdb,
    steps.GetFdb: lookups.get_fdb,
    steps.LookupFdb: lookups.lookup_fdb,
    steps.Sample: basic.sample,
    steps.CommitEcmpNextHop: next_hops.commit,
    steps.CommitLbAffinity: affinity.commit,
}

BY_NAME: Final[Mapping[str, StepEncoder]] = {
    "ct_clear": conntrack.clear,
    "ct_snat_to_vip": lookups.snat_to_vip,
    "dns_lookup": controller.dns_lookup,
    "put_dhcp_opts": dhcp.put_dhcp_opts,
    "put_dhcpv6_opts": dhcp.put_dhcpv6_opts,
    "put_nd_ra_opts": router_advertisement.put_nd_ra_opts,
    **dict.fromkeys(controller.PLAIN, controller.plain),
    **dict.fromkeys(lookups.ANSWERS, lookups.ask),
}

NESTING: Final[Mapping[str, NestingEncoder]] = {
    "clone": controller.clone,
    "ct_commit": conntrack.commit,
    **dict.fromkeys(controller.NESTED, controller.nested),
}


def encode_steps(listed: tuple[Step, ...], context: Context) -> Actions:
    """The OpenFlow actions of a list of steps; CannotEncode when one has none here."""
    actions: list[Action] = []
    for step in listed:
        encoder = ENCODERS.get(type(step)) or BY_NAME.get(step.name)
        if encoder is not None:
            actions += encoder(step, context)
            continue
        nesting = NESTING.get(step.name)
        if nesting is None:
            raise CannotEncode(f"logical action {step.name}")
        actions += nesting(step, context, encode_steps)
    return tuple(actions)
