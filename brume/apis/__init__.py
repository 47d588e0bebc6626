"""The APIs: HTTP in, JSON out. No rules live here.

    rest/        one machinery for all services: routes, lists, errors, microversions
    identity/ network/ compute/ image/ placement/        one service each: routes, views, policy rules
    services     the one list of services
    coverage     docs page: what is answered, made from the routes and declarations
    app          `application(...)`: everything behind one port

Start reading in `rest/__init__.py`.
"""
