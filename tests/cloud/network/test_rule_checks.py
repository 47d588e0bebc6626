"""What a security group rule may say."""

import pytest

from brume.cloud.network import security_group_errors as errors
from brume.cloud.network.rule_checks import checked, identity_of

WRONG = [
    ({"port_range_min": 1, "port_range_max": 2}, errors.SecurityGroupProtocolRequiredWithPorts),
    ({"protocol": "tcp", "port_range_min": 5, "port_range_max": 4}, errors.SecurityGroupInvalidPortRange),
    ({"protocol": "tcp", "port_range_min": 5}, errors.SecurityGroupInvalidPortRange),
    ({"protocol": "udp", "port_range_min": 0, "port_range_max": 4}, errors.SecurityGroupInvalidPortValue),
    ({"protocol": "icmp", "port_range_min": 256}, errors.SecurityGroupInvalidIcmpValue),
    ({"protocol": "icmp", "port_range_max": 3}, errors.SecurityGroupMissingIcmpType),
    (
        {"protocol": "vrrp", "port_range_min": 1, "port_range_max": 2},
        errors.SecurityGroupInvalidProtocolForPort,
    ),
    ({"protocol": "ipv6-icmp"}, errors.SecurityGroupEthertypeConflictWithProtocol),
    ({"remote_ip_prefix": "fd00::/8"}, errors.SecurityGroupRuleParameterConflict),
    ({"remote_ip_prefix": "10.0.0.0/8", "remote_group_id": "g"}, errors.SecurityGroupMultipleRemoteEntites),
]


@pytest.mark.parametrize(("values", "error"), WRONG)
def test_refused(values, error):
    with pytest.raises(error):
        checked({"direction": "ingress", **values})


def test_canonical_forms():
    every = {"protocol": "tcp", "port_range_min": 1, "port_range_max": 65535}
    assert checked(every)["port_range_min"] is None
    assert checked({"protocol": "icmp", "ethertype": "IPv6"})["protocol"] == "ipv6-icmp"
    assert checked({"protocol": "1", "ethertype": "IPv6"})["protocol"] == "58"
    assert checked({"remote_ip_prefix": "192.0.2.7/24"})["normalized_cidr"] == "192.0.2.0/24"


SAME = [
    ({"protocol": "tcp"}, {"protocol": "6"}),
    ({"remote_ip_prefix": "0.0.0.0/0"}, {}),
    ({"port_range_min": None}, {}),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_rule_in_other_words(one, other):
    assert identity_of(checked(one)) == identity_of(checked(other))
