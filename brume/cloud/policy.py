"""Policy: who may do what, in the rule language of oslo.policy.

    "role:admin"                          the asker holds the role
    "rule:context_is_admin"               another rule
    "project_id:%(project_id)s"           the asker's project_id equals the target's
    "'manager':%(target.role.name)s"      a literal equals the target's
    "None:%(target.role.domain_id)s"      the target has none
    "field:networks:shared=True"          a field of the target
    "@", "" always;  "!" never;  and, or, not, ( )

Rules are parsed once to closures. Defaults are given by each service as code; an operator's policy.yaml (or JSON)
replaces single rules. A rule that does not exist says no.
Language: https://docs.openstack.org/oslo.policy/latest/reference/api/oslo_policy.policy.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from brume.cloud.context import RequestContext
from brume.cloud.errors import PolicyForbidden

Target = Mapping[str, Any]
Check = Callable[[RequestContext, Target], bool]

TOKENS = re.compile(r"\s*(\(|\)|(?:%\([^)]*\)s|'[^']*'|\"[^\"]*\"|[^\s()])+)")
SUBSTITUTION = re.compile(r"%\(([^)]*)\)s")


class PolicyError(ValueError):
    """A rule that cannot be parsed."""


class Policy:
    """The rules of one service. `overrides` come from an operator's file."""

    def __init__(self, defaults: Mapping[str, str], overrides: Mapping[str, str] | None = None) -> None:
        self._checks: dict[str, Check] = {}
        self.texts = {**defaults, **(overrides or {})}
        for name, text in self.texts.items():
            self._checks[name] = Parser(text, self).parse()

    def __contains__(self, rule: str) -> bool:
        return rule in self._checks

    def allows(self, rule: str, context: RequestContext, target: Target) -> bool:
        """Whether the asker may. A rule that is not known says no."""
        check = self._checks.get(rule)
        return check is not None and check(context, target)

    def enforce(self, rule: str, context: RequestContext, target: Target) -> None:
        """Raise PolicyForbidden when the asker may not."""
        if not self.allows(rule, context, target):
            raise PolicyForbidden(action=rule)


class Parser:
    """Recursive descent over: expression = term (or term)*; term = factor (and factor)*; factor = not | ( ) | check."""

    def __init__(self, text: str, policy: Policy) -> None:
        self._text = text
        self._policy = policy
        self._tokens = [match.group(1) for match in TOKENS.finditer(text)]
        self._at = 0

    def parse(self) -> Check:
        """The whole rule."""
        if not self._tokens:
            return _always
        check = self._expression()
        if self._at != len(self._tokens):
            raise PolicyError(f"cannot read {self._tokens[self._at]!r} in policy rule {self._text!r}")
        return check

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise PolicyError(f"policy rule {self._text!r} ends too early")
        self._at += 1
        return token

    def _expression(self) -> Check:
        checks = [self._term()]
        while self._peek().lower() == "or":
            self._next()
            checks.append(self._term())
        return checks[0] if len(checks) == 1 else _any(checks)

    def _term(self) -> Check:
        checks = [self._factor()]
        while self._peek().lower() == "and":
            self._next()
            checks.append(self._factor())
        return checks[0] if len(checks) == 1 else _all(checks)

    def _factor(self) -> Check:
        token = self._next()
        if token.lower() == "not":
            inner = self._factor()
            return lambda context, target: not inner(context, target)
        if token == "(":
            check = self._expression()
            if self._next() != ")":
                raise PolicyError(f"a parenthesis is not closed in policy rule {self._text!r}")
            return check
        return self._check(token)

    def _check(self, token: str) -> Check:
        if token == "@":
            return _always
        if token == "!":
            return lambda context, target: False
        kind, colon, match = token.partition(":")
        if not colon:
            raise PolicyError(f"{token!r} is no check in policy rule {self._text!r}")
        if kind == "role":
            return _role(match)
        if kind == "rule":
            policy = self._policy
            return lambda context, target: policy.allows(match, context, target)
        if kind == "field":
            return _field(match)
        return _compare(kind, match)


def _always(context: RequestContext, target: Target) -> bool:
    return True


def _any(checks: list[Check]) -> Check:
    return lambda context, target: any(check(context, target) for check in checks)


def _all(checks: list[Check]) -> Check:
    return lambda context, target: all(check(context, target) for check in checks)


def _role(match: str) -> Check:
    if "%(" in match:
        return lambda context, target: (filled := _fill(match, target)) is not None and filled in context.roles
    wanted = match.lower()
    return lambda context, target: wanted in context.roles


def _field(match: str) -> Check:
    """field:<collection>:<field>=<value>, Neutron's own check; ~ before the value is a regular expression."""
    _, _, condition = match.partition(":")
    name, _, value = condition.partition("=")
    if value.startswith("~"):
        pattern = re.compile(value[1:])
        return lambda context, target: bool(pattern.match(str(target.get(name, ""))))
    wanted: Any = {"True": True, "False": False, "None": None}.get(value, value)
    return lambda context, target: name in target and target[name] == wanted


def _compare(kind: str, match: str) -> Check:
    """<kind>:<match>: a literal or one of the asker's credentials equals what the target has."""
    literal = _literal(kind)
    if literal is not None:
        return lambda context, target: _fill(match, target) == literal
    read = CREDENTIALS.get(kind, _nothing)

    def check(context: RequestContext, target: Target) -> bool:
        value = read(context)
        return value is not None and str(value) == _fill(match, target)

    return check


def _literal(kind: str) -> str | None:
    if kind in ("None", "True", "False"):
        return kind
    if len(kind) > 1 and kind[0] == kind[-1] and kind[0] in "'\"":
        return kind[1:-1]
    return None


def _fill(match: str, target: Target) -> str | None:
    """`match` with the target's values put in; None when the target lacks one."""
    names = SUBSTITUTION.findall(match)
    if any(name not in target for name in names):
        return None
    return SUBSTITUTION.sub(lambda found: str(target[found.group(1)]), match)


def _nothing(context: RequestContext) -> None:
    return None


CREDENTIALS: dict[str, Callable[[RequestContext], object]] = {
    "user_id": lambda c: c.user_id,
    "project_id": lambda c: c.project_id,
    "tenant_id": lambda c: c.project_id,
    "domain_id": lambda c: c.domain_id if c.domain_id is not None else "None",
    "user_domain_id": lambda c: c.user_domain_id,
    "project_domain_id": lambda c: c.project_domain_id,
    "system_scope": lambda c: c.system_scope,
    "system": lambda c: c.system_scope,
    "is_admin": lambda c: c.is_admin,
    "token.domain.id": lambda c: c.domain_id,
    "token.project.domain.id": lambda c: c.project_domain_id,
    "token.user.domain.id": lambda c: c.user_domain_id,
}
"""The asker's side of <kind>:<match>. domain_id is "None" when not scoped to a domain, as keystone's policies test."""


def load_overrides(text: str) -> dict[str, str]:
    """The rules of an operator's policy file: `"name": "rule"` lines of YAML (one a line), or JSON."""
    if text.lstrip().startswith("{"):
        import msgspec

        return msgspec.json.decode(text, type=dict[str, str])
    rules = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = POLICY_LINE.match(line)
        if found is None:
            raise PolicyError(f'a policy file has lines of the form "name": "rule"; this is none: {line!r}')
        rules[_unquoted(found.group(1))] = _unquoted(found.group(2))
    return rules


POLICY_LINE = re.compile(r"""\s*("[^"]+"|'[^']+'|[^\s"':]+(?::[^\s"':]+)*)\s*:(?:\s+(.*?))?\s*$""")


def _unquoted(text: str | None) -> str:
    text = (text or "").strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
