"""Neutron's face, v2.0: HTTP in, JSON out. The rules are in `brume.cloud.network`.

    noun         one collection: its routes, who may see and do what, bulk requests, filters, pages
    nouns        the collections there are: networks, subnets, ports, routers, security groups, floating IPs, agents
    views        rows as JSON, with what Neutron adds (subnets of a network, rules of a group, ...)
    access       policy: rules of operations and of attributes, what is hidden        policies.txt  the rules
    router_actions   interfaces, extra routes, which agents carry its gateway
    quotas  tags  agents  extensions  availability  extras    the smaller resources
    service      all of it as one Service

What is left out answers 501 with what it is, where the path is Neutron's; attributes of left-out features are shown
with Neutron's empty value and refused when a request sets them.
"""
