"""Neutron's errors about security groups and their rules."""

from __future__ import annotations

from brume.cloud import errors
from brume.cloud.network.errors import InUse, InvalidInput


class SecurityGroupNotFound(errors.NotFound):
    template = "Security group {id} does not exist"


class SecurityGroupRuleNotFound(errors.NotFound):
    template = "Security group rule {id} does not exist"


class SecurityGroupInUse(InUse):
    template = "Security Group {id} {reason}."

    def __init__(self, **values: object) -> None:
        values.setdefault("reason", "in use")
        super().__init__(**values)


class SecurityGroupCannotRemoveDefault(InUse):
    template = "Insufficient rights for removing default security group."


class SecurityGroupCannotUpdateDefault(InUse):
    template = "Updating default security group not allowed."


class SecurityGroupDefaultAlreadyExists(InUse):
    template = "Default security group already exists."


class SecurityGroupRuleExists(InUse):
    template = "Security group rule already exists. Rule id is {rule_id}."


class DuplicateSecurityGroupRuleInPost(InUse):
    template = "Duplicate Security Group Rule in POST."


class SecurityGroupConflict(errors.Conflict):
    template = "Error {reason} while attempting the operation."


class SecurityGroupRuleInputError(InvalidInput):
    """Neutron's InvalidInput with a message of its own, not wrapped in "Invalid input for operation"."""


class SecurityGroupInvalidPortRange(SecurityGroupRuleInputError):
    template = "For TCP/UDP protocols, port_range_min must be <= port_range_max"


class SecurityGroupInvalidProtocolForPort(SecurityGroupRuleInputError):
    template = "Ports cannot be specified for protocol {protocol}. Ports are only supported for {valid_port_protocols}."


class SecurityGroupInvalidPortValue(SecurityGroupRuleInputError):
    template = "Invalid value for port {port}"


class SecurityGroupInvalidIcmpValue(SecurityGroupRuleInputError):
    template = "Invalid value for ICMP {field} ({attr}) {value}. It must be 0 to 255."


class SecurityGroupEthertypeConflictWithProtocol(SecurityGroupRuleInputError):
    template = "Invalid ethertype {ethertype} for protocol {protocol}."


class SecurityGroupMissingIcmpType(SecurityGroupRuleInputError):
    template = "ICMP code (port-range-max) {value} is provided but ICMP type (port-range-min) is missing."


class SecurityGroupRuleInvalidProtocol(SecurityGroupRuleInputError):
    template = (
        "Security group rule protocol {protocol} not supported. Only protocol values {values} "
        "and integer representations [0 to 255] are supported."
    )


class SecurityGroupMultipleRemoteEntites(SecurityGroupRuleInputError):
    template = "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided."


class SecurityGroupProtocolRequiredWithPorts(SecurityGroupRuleInputError):
    template = "Must also specify protocol if port range is given."


class SecurityGroupRuleParameterConflict(SecurityGroupRuleInputError):
    template = "Conflicting value ethertype {ethertype} for CIDR {cidr}"
