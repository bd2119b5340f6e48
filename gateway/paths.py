"""The REST route table: which method and path reaches which RPC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from gateway.contract import Binding, ContractError, Method

_VARIABLE = re.compile(r"^\{([a-z][a-z0-9_.]*)(?:=\*)?\}$")
_LITERAL = re.compile(r"^[a-z0-9][a-z0-9._-]*$")
_VERB = re.compile(r"^[a-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$")


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed path template. A segment of None is a variable."""

    segments: tuple[str | None, ...]
    variables: tuple[str, ...]
    verb: str

    @property
    def regex(self) -> str:
        """An RE2 expression for the whole path, without query string."""
        parts = ("[^/:]+" if part is None else re.escape(part) for part in self.segments)
        return "/" + "/".join(parts) + (f":{self.verb}" if self.verb else "")

    def overlaps(self, other: Template) -> bool:
        """Whether one path can match both. A literal beside a variable overlaps."""
        if self.verb != other.verb or len(self.segments) != len(other.segments):
            return False
        pairs = zip(self.segments, other.segments, strict=True)
        return all(mine is None or theirs is None or mine == theirs for mine, theirs in pairs)


@dataclass(frozen=True, slots=True)
class RestRoute:
    """One line of the table."""

    method: str
    path: str
    rpc: str
    body: str
    template: Template
    # The body passes as it is, whatever it is.
    raw: bool = False
    # The bytes that a request may have as protobuf; 0: as everybody's.
    max_bytes: int = 0


def table(methods: Iterable[Method]) -> list[RestRoute]:
    """The routes of the methods, in their order.

    Raises:
        ContractError: when a template is malformed, or two routes can match one request.
    """
    routes = [_route(method, binding) for method, binding in _bound(methods)]
    if found := collisions(routes):
        raise ContractError("REST paths collide: " + "; ".join(found))
    return routes


def collisions(routes: Iterable[RestRoute]) -> list[str]:
    """Pairs of routes that one request could match, as readable lines."""
    return [
        f"{a.method} {a.path} ({a.rpc}) and {b.path} ({b.rpc})"
        for a, b in combinations(routes, 2)
        if a.method == b.method and a.template.overlaps(b.template)
    ]


def parse(path: str) -> Template:
    """Parse a template of google.api.http: literals, single-segment variables, one verb.

    Raises:
        ContractError: for any other form.
    """
    head, verb = _split_verb(path)
    if not head.startswith("/") or (verb and not _VERB.match(verb)):
        raise ContractError(f"malformed path template: {path}")
    segments: list[str | None] = []
    variables: list[str] = []
    for part in head[1:].split("/"):
        if variable := _VARIABLE.match(part):
            segments.append(None)
            variables.append(variable[1])
            continue
        if not _LITERAL.match(part):
            raise ContractError(f"malformed path template: {path}")
        segments.append(part)
    return Template(tuple(segments), tuple(variables), verb)


def _split_verb(path: str) -> tuple[str, str]:
    last_slash = path.rfind("/")
    colon = path.rfind(":")
    return (path[:colon], path[colon + 1 :]) if colon > last_slash else (path, "")


def _bound(methods: Iterable[Method]) -> Iterator[tuple[Method, Binding]]:
    return ((method, binding) for method in methods for binding in method.bindings)


def _route(method: Method, binding: Binding) -> RestRoute:
    if not binding.template.startswith("/api/"):
        raise ContractError(f"{method.full_name}: REST paths begin with /api/")
    return RestRoute(
        binding.verb,
        binding.template,
        method.full_name,
        binding.body,
        parse(binding.template),
        raw=binding.body in method.raw_fields,
        max_bytes=method.policy.max_request_bytes,
    )
