"""The rule language of oslo.policy, as tables."""

import pytest

from brume.cloud.context import RequestContext
from brume.cloud.errors import PolicyForbidden
from brume.cloud.policy import Policy, PolicyError, load_overrides

ASKER = RequestContext(
    request_id="req-1", now=0.0, user_id="u1", project_id="p1", roles=("member", "reader"), project_domain_id="d1"
)


@pytest.mark.parametrize(
    ("rule", "target", "allowed"),
    [
        ("", {}, True),
        ("@", {}, True),
        ("!", {}, False),
        ("role:member", {}, True),
        ("role:Member", {}, True),
        ("role:admin", {}, False),
        ("not role:admin", {}, True),
        ("role:admin or role:reader", {}, True),
        ("role:admin or role:x and role:reader", {}, False),
        ("role:member and not role:admin", {}, True),
        ("(role:admin or role:member) and project_id:%(project_id)s", {"project_id": "p1"}, True),
        ("project_id:%(project_id)s", {"project_id": "p2"}, False),
        ("project_id:%(project_id)s", {}, False),
        ("tenant_id:%(tenant_id)s", {"tenant_id": "p1"}, True),
        ("user_id:%(target.user.id)s", {"target.user.id": "u1"}, True),
        ("project_id:%(network:project_id)s", {"network:project_id": "p1"}, True),
        ("domain_id:%(target.domain_id)s", {"target.domain_id": None}, True),
        ("not domain_id:None", {}, False),
        ("None:%(target.role.domain_id)s", {"target.role.domain_id": None}, True),
        ("None:%(target.role.domain_id)s", {"target.role.domain_id": "d"}, False),
        ("'member':%(target.role.name)s", {"target.role.name": "member"}, True),
        ("'manager':%(target.role.name)s or 'reader':%(target.role.name)s", {"target.role.name": "x"}, False),
        ("field:networks:shared=True", {"shared": True}, True),
        ("field:networks:shared=True", {"shared": False}, False),
        ("field:port:device_owner=~^network:", {"device_owner": "network:dhcp"}, True),
        ("is_admin:True", {}, False),
        ("system_scope:all", {}, False),
        ("rule:base", {}, True),
        ("rule:missing", {}, False),
        ("unknown_thing:x", {}, False),
    ],
)
def test_rules(rule, target, allowed):
    policy = Policy({"base": "role:reader", "it": rule})
    assert policy.allows("it", ASKER, target) is allowed


@pytest.mark.parametrize("rule", ["role:a or", "(role:a", "role:a role:b", "nonsense", "and"])
def test_what_cannot_be_read_is_refused_at_start(rule):
    with pytest.raises(PolicyError):
        Policy({"it": rule})


def test_an_operators_file_replaces_single_rules():
    text = """
# comment
"get_thing": "role:member"
"get_thing:secret": "!"
'list_things': ""
plain: role:admin
"""
    policy = Policy({"get_thing": "!", "other": "@"}, load_overrides(text))
    assert policy.allows("get_thing", ASKER, {})
    assert policy.allows("list_things", ASKER, {})
    assert policy.allows("other", ASKER, {})
    assert not policy.allows("plain", ASKER, {})
    with pytest.raises(PolicyForbidden, match=r"requested action: get_thing:secret\."):
        policy.enforce("get_thing:secret", ASKER, {})
    assert load_overrides('{"a": "role:x"}') == {"a": "role:x"}
    with pytest.raises(PolicyError):
        load_overrides("- what")
