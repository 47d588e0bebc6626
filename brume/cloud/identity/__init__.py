"""Identity: who exists, who may do what where, and the tokens that say so (Keystone's part of the cloud).

    resources        every row of this room             errors          Keystone's own errors
    projects         projects, and domains (a domain is a project that acts as one)
    users groups     people and machines                passwords       scrypt, and what was verified before
    roles            roles, and roles implied by others assignments     who has which role on what
    catalog          regions, services, endpoints       credentials     application credentials, plain credentials
    tokens           Fernet tokens: issue, validate     key_storage     the keys' files
    trusts           a user acts with another's roles   access_rules    which requests a credential is good for
    checks moments   what values must look like
    authentication   a request to log in -> a user and a scope
    bootstrap        the first rows of a fresh cloud

    password or token --authentication--> (user, scope) --tokens.issue--> text
    text --tokens.validate--> RequestContext: user, scope, roles, checked against the rows as they are now

Nothing here is decided from what a token says but the identifiers in it: roles, names and whether anything is
disabled are read from the store at each validation, and remembered until the next change of an identity row.
"""
