"""The compute API (Nova 2.1) under /compute.

    service.py      the routes, policy, microversions
    versions.py     what / and /v2.1 say
    flavors.py      flavors, extra specs, access
    keypairs.py     keypairs
    nodes.py        services, hypervisors, availability zones
    servers.py      servers: create, show, list, change, delete
    rendering.py    a server as each microversion shows it
    actions.py      POST /servers/{id}/action, one function an action
    interfaces.py   os-interface, addresses, security groups of a server
    limits.py       limits and quotas

Rules live in `cloud.compute`; this room turns HTTP into their arguments and their rows into Nova's JSON.
"""
