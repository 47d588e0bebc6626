"""Keystone v3: the face of `brume.cloud.identity`.

    service        SERVICE: everything put together       policies    who may do what, as Keystone's defaults
    discovery      versions                               views       rows as Keystone shows them
    login          POST /v3/auth/tokens                   auth        the rest of /v3/auth
    projects       projects, domains, tags                users       users, groups
    roles          roles, implied roles                   grants      who has which role on what
    assignments    the list of role assignments           catalog     regions, services, endpoints
    credentials    credentials of three kinds             trusts      trusts, policy documents
    authentication   X-Auth-Token -> RequestContext       token_view  a token as Keystone shows it

Start reading in `service.py`.
"""
