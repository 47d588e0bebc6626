"""The logical network: OVN_Northbound, derived from what tenants asked for.

    schema/       OVN's tables as row classes
    from_cloud/   rules: one feature a file, cloud rows in, northbound rows out
    compiler      NorthboundCompiler: loads the store, follows its journal, keeps the northbound true
    neighbourhood which routers are on a switch, and in which networks
    hands         which rows are the rules', and which somebody wrote by hand beside them

    networks, subnets, ports, routers, ... --rules--> Logical_Switch, Logical_Router, ACL, NAT, DHCP_Options, ...

The rows are those that Neutron's ML2/OVN driver writes: same names, same external_ids, same match texts. So the
tools that know an OpenStack on OVN know this one.
"""
