"""The compute API (Nova 2.1) under /compute.

    service.py      the routes, policy, microversions
    policy.py       who may do what, by Nova's names
    versions.py     what / and /v2.1 say
    body.py         reads a request's object attribute by attribute, strictly
    query.py        what the query of a list may say
    patterns.py     the regular expressions that filters of servers take
    flavors.py      flavors, extra specs, access
    keypairs.py     keypairs
    nodes.py        services, availability zones
    hypervisors.py  hypervisors
    creating.py     POST /servers
    listing.py      which servers a list shows
    servers.py      show, change, delete
    rendering.py    a server as each microversion shows it
    actions.py      POST /servers/{id}/action, one function an action
    interfaces.py   os-interface, addresses, security groups of a server
    metadata.py     metadata and tags
    history.py      what was done to a server
    limits.py       limits and quotas
    left_out.py     what Nova has and this cloud has not

Rules live in `cloud.compute`; this room turns HTTP into their arguments and their rows into Nova's JSON. What is read
of a request is checked before anything is looked up.
"""
