"""The permission table of docs/permissions.md: `python -m stack.gen.permissions`.

Read from the `policy` option of each method, which is what the services enforce.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from weneeds.options.v1 import policy_pb2, role_pb2

from gateway.contract import Contract, Method
from stack.paths import ROOT, contract

COMMAND = "python -m stack.gen.permissions"
TARGET = Path("docs/permissions.md")

_HEADING = f"""\
# Who may do what

Generated from the `policy` option of each method by `{COMMAND}`; not to be
edited. A contract test compares this page with the descriptors.

- **Who**: *anyone* needs no token; *signed in* is any user with a good access token; a user role
  narrows it; *staff* are admins with tokens of their own; *internal* names the services, by client
  certificate, and has no route at the gateway. *Fresh factor*: the session proved a second factor
  within ten minutes; *if enrolled* asks that only of accounts that have one. Under maintenance only
  staff, internal callers and what says so are answered.
- **Of what**: the request field that names a resource, and who passes: a role in the company behind
  it, or its owner. Empty: the method acts on what is the caller's own, or on nothing in particular.
- **Limits** are counted over all replicas: calls, window, and what is counted by.
- **Audit**: what the audit log calls the action, done or refused to a signed-in caller.
- **Repeat**: *read* changes nothing; *request_id* answers a repetition with the first answer;
  *same end* means that a second call changes nothing more; *no* is not to be repeated blindly.
"""
_COLUMNS = ("Method", "REST", "Who", "Of what", "Limits", "Audit", "Repeat")
_KEYS = {
    policy_pb2.RATE_LIMIT_KEY_CALLER: "caller",
    policy_pb2.RATE_LIMIT_KEY_ADDRESS: "address",
}
_FRESH = {
    policy_pb2.STEP_UP_WHEN_ENROLLED: "fresh factor if enrolled",
    policy_pb2.STEP_UP_ALWAYS: "fresh factor",
}
_USER_ROLES = role_pb2.DESCRIPTOR.enum_types_by_name["UserRole"]
_COMPANY_ROLES = role_pb2.DESCRIPTOR.enum_types_by_name["CompanyRole"]
_ADMIN_ROLES = role_pb2.DESCRIPTOR.enum_types_by_name["AdminRole"]


def render(descriptors: bytes) -> str:
    """The page as Markdown, from the bytes of a FileDescriptorSet."""
    methods = sorted(Contract(descriptors).methods, key=lambda m: (m.owner, m.service))
    parts = [_HEADING]
    for (owner, service), group in groupby(methods, key=lambda m: (m.owner, m.service)):
        rows = [_row(method) for method in group]
        parts.append(f"## {owner}: {service}\n\n{table(_COLUMNS, rows)}")
    return "\n".join(parts)


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table, with a line break at its end."""
    heads = list(columns)
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(method: Method) -> list[str]:
    policy = method.policy
    return [
        method.proto.name,
        "<br>".join(f"`{b.verb} {b.template}`" for b in method.bindings),
        _who(policy),
        _scope(policy),
        "<br>".join(_limit(limit) for limit in policy.rate_limits),
        _short(policy_pb2.DESCRIPTOR.enum_types_by_name["AuditAction"], policy.audit),
        _repeat(method),
    ]


def _who(policy: policy_pb2.Policy) -> str:
    more = [_FRESH[policy.step_up]] if policy.step_up else []
    if policy.during_maintenance:
        more.append("also under maintenance")
    return "<br>".join([_callers(policy), *more])


def _callers(policy: policy_pb2.Policy) -> str:
    if policy.access == policy_pb2.ACCESS_PUBLIC:
        return "anyone"
    if policy.access == policy_pb2.ACCESS_INTERNAL:
        return f"internal: {', '.join(policy.callers)}"
    if policy.access == policy_pb2.ACCESS_ADMIN:
        return f"staff: {_all(_ADMIN_ROLES, policy.admin_roles)}"
    return _all(_USER_ROLES, policy.roles) or "signed in"


def _scope(policy: policy_pb2.Policy) -> str:
    ways = [f"rule `{policy.rule}`"] if policy.rule else []
    if policy.HasField("scope"):
        scope = policy.scope
        passing = [_all(_COMPANY_ROLES, scope.company_roles), "owner" if scope.owner else ""]
        ways.insert(0, f"`{scope.field}`: {' or '.join(filter(None, passing))}")
    return "<br>".join(ways)


def _limit(limit: policy_pb2.RateLimit) -> str:
    by = _KEYS.get(limit.key, f"`{limit.field}`")
    return f"{limit.limit} / {limit.window.seconds} s by {by}"


def _repeat(method: Method) -> str:
    if method.proto.options.idempotency_level == MethodOptions.NO_SIDE_EFFECTS:
        return "read"
    if method.has_request_id:
        return "request_id"
    return "same end" if method.retryable else "no"


def _all(enum: EnumDescriptor, numbers: Iterable[int]) -> str:
    return ", ".join(_short(enum, number) for number in numbers)


def _short(enum: EnumDescriptor, number: int) -> str:
    """The value's name without what all values of the enum begin with; empty for 0."""
    if not number:
        return ""
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return enum.values_by_number[number].name.removeprefix(prefix)


def main() -> None:
    """Write the page."""
    (ROOT / TARGET).write_text(render(contract()))


if __name__ == "__main__":
    main()
