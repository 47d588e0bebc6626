"""Access rules: which requests an application credential is good for.

A pattern's * stands for one segment of a path, ** for any number, {name} for one segment
(keystonemiddleware's reading of them).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, Forbidden
from brume.cloud.identity.errors import AccessRuleNotFound
from brume.cloud.identity.resources import AccessRule, ApplicationCredential
from brume.cloud.store.session import Session
from brume.cloud.validation import for_create

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
WILDCARD = re.compile(r"(\*\*|\*|\{[^}]*\})")


def load(session: Session, rule_id: str, user_id: str) -> AccessRule:
    """A user's access rule."""
    rule = session.get(AccessRule, rule_id)
    if rule is None or rule.user_id != user_id:
        raise AccessRuleNotFound(access_rule_id=rule_id)
    return rule


def find_or_create(context: RequestContext, session: Session, user_id: str, given: list[Any]) -> list[AccessRule]:
    """The user's rules that a request lists, by id or as they are; new ones are made."""
    return [_one(context, session, user_id, each) for each in given]


def _one(context: RequestContext, session: Session, user_id: str, given: Any) -> AccessRule:
    if not isinstance(given, dict):
        raise BadRequest("Invalid input for field 'access_rules': an object is expected")
    if set(given) == {"id"}:
        return load(session, str(given["id"]), user_id)
    values = for_create(AccessRule.DECLARATION, given)
    if values["method"] not in METHODS or not values["path"].startswith("/"):
        raise BadRequest("Invalid input for field 'access_rules': a method and a path with a leading / are expected")
    present = session.first(AccessRule, user_id=user_id, **values)
    return present or session.insert(AccessRule(id=context.new_hex(), user_id=user_id, **values))


def delete(session: Session, rule: AccessRule) -> None:
    """Remove a rule that no application credential uses."""
    for credential in session.find(ApplicationCredential, user_id=rule.user_id):
        if rule.id in (credential.access_rule_ids or ()):
            raise Forbidden(f"Access rule {rule.id} is in use by an application credential and cannot be deleted.")
    session.delete(rule)


def allows(rules: tuple[tuple[str, str, str], ...], service: str, method: str, path: str) -> bool:
    """Whether one of the rules lets a request pass."""
    return any(
        service == each_service and method == each_method and pattern(text).match(path) is not None
        for each_service, each_method, text in rules
    )


@lru_cache(maxsize=512)
def pattern(text: str) -> re.Pattern[str]:
    """A path pattern as a regular expression."""
    parts = [
        ".*" if part == "**" else "[^/]+" if WILDCARD.fullmatch(part) else re.escape(part)
        for part in WILDCARD.split(text)
    ]
    return re.compile("".join(parts) + r"\Z")
