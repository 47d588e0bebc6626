"""The routing policies of a router that choose among several next hops: each is a group, with a number in a register.

northd counts them in the order of the rows' uuids, usable or not, and so do we.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalRouter, LogicalRouterPolicy
from brume.tables.row import Index, Member, Row


class EcmpPolicy(Row, frozen=True, kw_only=True):
    """A policy of a router sends packets to one of several next hops."""

    router: str
    policy: str

    def key(self) -> Hashable:
        return (self.router, self.policy)


ecmp_policies = Index(EcmpPolicy, "router", lambda group: group.router)


def chooses(row: LogicalRouterPolicy) -> bool:
    """Whether a policy has several next hops to choose from."""
    return row.action == "reroute" and len(row.nexthops) > 1


@rule(LogicalRouter.policies)
def ecmp_policy(member: Member, view: View) -> Iterator[Output]:
    row = view.get(LogicalRouterPolicy, member.child)
    if row is not None and chooses(row):
        yield EcmpPolicy(router=str(member.parent), policy=row.uuid)


@derived
def _numbers(view: View, router: str) -> dict[str, int]:
    policies = sorted(group.policy for group in view.find(ecmp_policies, router))
    return {policy: number for number, policy in enumerate(policies, 1)}


@derived
def policy_number(view: View, router: str, policy: str) -> int:
    """The number of the policy's group in its router."""
    return _numbers(view, router).get(policy, 0)


RULES = (ecmp_policy,)
