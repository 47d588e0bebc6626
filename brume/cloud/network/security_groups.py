"""Security groups and their rules: the default group of every project, what a rule may say, no rule twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from brume.cloud.context import RequestContext
from brume.cloud.network.records import Values, change, check_quota, new, touch
from brume.cloud.network.resources import (
    DefaultSecurityGroup,
    PortSecurityGroup,
    SecurityGroup,
    SecurityGroupRule,
)
from brume.cloud.network.rule_checks import checked, identity_of
from brume.cloud.network.security_group_errors import (
    DuplicateSecurityGroupRuleInPost,
    SecurityGroupCannotRemoveDefault,
    SecurityGroupCannotUpdateDefault,
    SecurityGroupConflict,
    SecurityGroupInUse,
    SecurityGroupNotFound,
    SecurityGroupRuleExists,
    SecurityGroupRuleNotFound,
)
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session

DEFAULT = "default"
DESCRIPTION = "Default security group"
ETHERTYPES = ("IPv4", "IPv6")


def load(session: Session, group_id: str) -> SecurityGroup:
    """The group; raises SecurityGroupNotFound."""
    group = session.get(SecurityGroup, group_id)
    if group is None:
        raise SecurityGroupNotFound(id=group_id)
    return group


def load_rule(session: Session, rule_id: str) -> SecurityGroupRule:
    """The rule; raises SecurityGroupRuleNotFound."""
    rule = session.get(SecurityGroupRule, rule_id)
    if rule is None:
        raise SecurityGroupRuleNotFound(id=rule_id)
    return rule


def ensure_default(context: RequestContext, session: Session, project_id: str) -> str | None:
    """The id of the project's default group, made on first use. Only for one's own project, or by an administrator."""
    if not project_id or (project_id != context.project_id and not context.is_admin):
        return None
    present = session.get(DefaultSecurityGroup, project_id)
    if present is not None:
        return present.security_group_id
    values = {"project_id": project_id, "name": DEFAULT, "description": DESCRIPTION, "is_project_default": True}
    group = session.insert(new(context, SecurityGroup, values, revision=1))
    session.insert(DefaultSecurityGroup(project_id=project_id, security_group_id=group.id))
    for ethertype in ETHERTYPES:
        _insert_rule(context, session, group, _first_rule("egress", ethertype))
    for ethertype in ETHERTYPES:
        _insert_rule(context, session, group, {**_first_rule("ingress", ethertype), "remote_group_id": group.id})
    return group.id


def create(context: RequestContext, session: Session, settings: NetworkSettings, values: Values) -> SecurityGroup:
    """A group with Neutron's two first rules: its ports may send anything."""
    project_id = values.get("project_id", context.project_id or "")
    ensure_default(context, session, project_id)
    check_quota(session, settings, "security_group", SecurityGroup, project_id)
    check_quota(session, settings, "security_group_rule", SecurityGroupRule, project_id, len(ETHERTYPES))
    group = session.insert(new(context, SecurityGroup, values, revision=1))
    for ethertype in ETHERTYPES:
        _insert_rule(context, session, group, _first_rule("egress", ethertype))
    return group


def update(
    context: RequestContext, session: Session, settings: NetworkSettings, group: SecurityGroup, values: Values
) -> SecurityGroup:
    """Change a group: the default one keeps its name; one in use keeps its statefulness."""
    if group.is_project_default and "name" in values:
        raise SecurityGroupCannotUpdateDefault()
    if values.get("stateful", group.stateful) != group.stateful and _users(session, group):
        raise SecurityGroupInUse(id=group.id)
    return change(context, session, group, **values)


def delete(context: RequestContext, session: Session, settings: NetworkSettings, group: SecurityGroup) -> None:
    """Delete a group no port is in, and the rules of other groups that speak of it."""
    if _users(session, group):
        raise SecurityGroupInUse(id=group.id)
    if group.is_project_default and not context.is_admin:
        raise SecurityGroupCannotRemoveDefault()
    session.delete_all(session.find(SecurityGroupRule, security_group_id=group.id))
    session.delete_all(session.find(SecurityGroupRule, remote_group_id=group.id))
    if group.is_project_default:
        session.delete_all(session.find(DefaultSecurityGroup, project_id=group.project_id))
    session.delete(group)


def create_rules(
    context: RequestContext, session: Session, settings: NetworkSettings, wishes: Sequence[Values]
) -> list[SecurityGroupRule]:
    """Rules, all or none."""
    rules: list[SecurityGroupRule] = []
    for values in wishes:
        rules.append(_create_rule(context, session, settings, values, {rule.id for rule in rules}))
    return rules


def _create_rule(
    context: RequestContext, session: Session, settings: NetworkSettings, values: Values, posted: set[str]
) -> SecurityGroupRule:
    chosen = checked(values)
    project_id = values.get("project_id", context.project_id or "")
    for name in ("remote_group_id", "security_group_id"):
        if chosen.get(name):
            group = _own_group(context, session, chosen[name])
    check_quota(session, settings, "security_group_rule", SecurityGroupRule, project_id)
    wanted = identity_of(chosen)
    for other in session.find(SecurityGroupRule, security_group_id=group.id):
        if identity_of(_values(other)) == wanted:
            if other.id in posted:
                raise DuplicateSecurityGroupRuleInPost()
            raise SecurityGroupRuleExists(rule_id=other.id)
    rule = _insert_rule(context, session, group, chosen)
    touch(context, session, load(session, group.id))
    return rule


def update_rule(
    context: RequestContext, session: Session, settings: NetworkSettings, rule: SecurityGroupRule, values: Values
) -> SecurityGroupRule:
    """Only the description may change."""
    return change(context, session, rule, **values)


def delete_rule(context: RequestContext, session: Session, settings: NetworkSettings, rule: SecurityGroupRule) -> None:
    """Delete a rule."""
    session.delete(rule)
    touch(context, session, load(session, rule.security_group_id))


def rules_of(session: Session, groups: Iterable[SecurityGroup]) -> dict[str, list[SecurityGroupRule]]:
    """The rules of each of these groups, in one query."""
    result: dict[str, list[SecurityGroupRule]] = {group.id: [] for group in groups}
    for rule in session.find(SecurityGroupRule, security_group_id=tuple(result)):
        result[rule.security_group_id].append(rule)
    return result


def for_port(context: RequestContext, session: Session, project_id: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """The groups a port shall be in, checked: they exist, are the project's, and are all stateful or none."""
    identities = tuple(dict.fromkeys(wanted))
    groups = {group.id: group for group in session.find(SecurityGroup, id=identities)} if identities else {}
    missing = [
        identity
        for identity in identities
        if identity not in groups or not (context.is_admin or groups[identity].project_id == project_id)
    ]
    if missing:
        raise SecurityGroupNotFound(id=", ".join(missing))
    if len({group.stateful for group in groups.values()}) > 1:
        raise SecurityGroupConflict(
            reason="Cannot apply both stateful and stateless security groups on the same port at the same time"
        )
    return identities


def _first_rule(direction: str, ethertype: str) -> dict[str, Any]:
    """A rule that Neutron makes by itself: it has no description, not an empty one."""
    return {"direction": direction, "ethertype": ethertype, "description": None}


def _own_group(context: RequestContext, session: Session, group_id: str) -> SecurityGroup:
    group = session.get(SecurityGroup, group_id)
    if group is None or (group.project_id != context.project_id and not context.is_admin):
        raise SecurityGroupNotFound(id=group_id)
    return group


def _users(session: Session, group: SecurityGroup) -> bool:
    return session.first(PortSecurityGroup, security_group_id=group.id) is not None


def _values(rule: SecurityGroupRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in SecurityGroupRule.__struct_fields__}


def _insert_rule(context: RequestContext, session: Session, group: SecurityGroup, values: Values) -> SecurityGroupRule:
    chosen = {"project_id": group.project_id, **values, "security_group_id": group.id}
    chosen["belongs_to_default_sg"] = group.is_project_default
    return session.insert(new(context, SecurityGroupRule, chosen))
