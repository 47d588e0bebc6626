"""The cloud: what tenants asked for. Resources and the rules about them; the one source of truth, in SQL.

    resource     a resource declared once, as its row class      errors      what a rule raises when it says no
    validation   a request's body by the declaration             context     who asks, as what, and when
    store/       SQL: sessions, statements, the journal          policy      who may do what (oslo.policy's language)
    quotas       how many a project may have                     migrations/ how an old database becomes a new one
    catalogue    the list of modules that declare resources
    identity/ network/ compute/ image/ placement/                one service each: `resources.py`, and rules by noun

Nothing of HTTP lives here (that is `apis`), and nothing here knows what is derived from it (`northbound`).

How to make a resource. 1. Declare it in the service's `resources.py` (and the module in `catalogue.MODULES`):

    @resource("project", "projects", unique=(("domain_id", "name"),))
    class Project(Resource, frozen=True, kw_only=True):
        id: Annotated[str, Attribute(create=False, update=False, length=64)]
        domain_id: Annotated[str, Attribute(update=False, length=64, index=True)]
        name: Annotated[str, Attribute(required=True, length=64, minimum_length=1)]
        enabled: Annotated[bool, Attribute()] = True

2. Write its rules: plain functions of a context, a session and values. `values` hold what the request gave, by field
   name, already of the right types (`validation.for_create`, `for_update`); a rule raises errors and answers rows:

    class ProjectNotFound(NotFound):
        template = "Could not find project: {project_id}."

    def create_project(context: RequestContext, session: Session, values: Values) -> Project:
        if session.first(Project, domain_id=values["domain_id"], name=values["name"]):
            raise DuplicateName(...)
        return session.insert(Project(id=context.new_hex(), **values))

    def update_project(context, session, project: Project, values: Values) -> Project:
        return session.update(project, **values)

    def delete_project(context, session, project: Project) -> None:
        session.delete(project)

   Time and new identifiers come from the context (`context.now`, `context.new_id()`). One request is one SQL
   transaction: what a rule writes before it raises is undone. Every change is journaled with it.

3. Give it routes: see `brume.apis.rest`.

What follows from a commit is told to `Store.listen` as a `journal.Commit` of changed rows (old and new).
"""
