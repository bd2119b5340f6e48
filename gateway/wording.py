"""What the OpenAPI document says in words: who may call, and why a call is refused."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from google.protobuf.descriptor import EnumDescriptor
from google.rpc import code_pb2
from weneeds.options.v1 import policy_pb2, reason_pb2, role_pb2

from gateway.contract import Contract, Method

INTRODUCTION = """\
The REST form of the WeNeeds contract. The same methods answer to gRPC and gRPC-web on
the same port.

Every error is a `google.rpc.Status` in JSON: `code`, `message`, `details`. The `ErrorInfo` in
`details` carries the reason, which is the thing to decide on; `BadRequest` names wrong fields.

Unknown query parameters and unknown keys of a body are refused. Integers of 64 bits are strings.
Bodies hold at most 1 MiB. A `requestId` makes a retry safe: the same id with the same body answers
the same."""

# How the gateway writes gRPC codes as HTTP statuses.
HTTP_STATUS = {
    code_pb2.CANCELLED: 499, code_pb2.UNKNOWN: 500, code_pb2.INVALID_ARGUMENT: 400,
    code_pb2.DEADLINE_EXCEEDED: 504, code_pb2.NOT_FOUND: 404, code_pb2.ALREADY_EXISTS: 409,
    code_pb2.PERMISSION_DENIED: 403, code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.FAILED_PRECONDITION: 400, code_pb2.ABORTED: 409, code_pb2.OUT_OF_RANGE: 400,
    code_pb2.UNIMPLEMENTED: 501, code_pb2.INTERNAL: 500, code_pb2.UNAVAILABLE: 503,
    code_pb2.DATA_LOSS: 500, code_pb2.UNAUTHENTICATED: 401,
}  # fmt: skip

_COMMON = "weneeds.common.v1.ErrorReason"
_PREFIX = "ERROR_REASON_"
_NAME = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")


def first_sentence(comment: str) -> str:
    """The comment up to its first full stop, without it."""
    return re.split(r"\.(?:\s|$)", comment, maxsplit=1)[0].strip()


def policy(rules: policy_pb2.Policy) -> str:
    """Who passes and how often, as Markdown."""
    lines = [f"**Who may call:** {_who(rules)}."]
    lines += [f"**At most:** {_limit(limit)}." for limit in rules.rate_limits]
    return "\n\n".join(lines)


def named_reasons(method: Method) -> list[str]:
    """The reasons that the comment's "Errors:" paragraph names."""
    _, _, listed = method.comment.partition("Errors:")
    return _NAME.findall(listed)


def refusals(contract: Contract, method: Method) -> dict[int, list[str]]:
    """Lines of Markdown by HTTP status: the method's own reasons and those of its policy."""
    found: dict[int, list[str]] = defaultdict(list)
    for name in dict.fromkeys([*_reasons_of_policy(method), *named_reasons(method)]):
        if reason := reason_of(contract, method, name):
            found[HTTP_STATUS[reason.code]].append(f"- `{name}`: {reason.en}")
    return dict(sorted(found.items()))


def reason_of(contract: Contract, method: Method, name: str) -> reason_pb2.Reason | None:
    """The reason of that name in the method's service, or else among the common ones."""
    for enum_name in (f"{method.package}.ErrorReason", _COMMON):
        enum = contract.enums.get(enum_name)
        for value in enum.value if enum else ():
            if value.name == _PREFIX + name:
                return value.options.Extensions[reason_pb2.reason]
    return None


def _reasons_of_policy(method: Method) -> list[str]:
    rules = method.policy
    reasons = ["INVALID_FIELDS", "RATE_LIMITED", "DEPENDENCY_DOWN"]
    if rules.access != policy_pb2.ACCESS_PUBLIC:
        reasons += ["TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED", "TOKEN_TYPE"]
        reasons.append("SESSION_ENDED")
    if rules.access == policy_pb2.ACCESS_SIGNED_IN:
        reasons.append("ACCOUNT_BANNED")
    if rules.access != policy_pb2.ACCESS_ADMIN and not rules.during_maintenance:
        reasons.append("MAINTENANCE")
    if rules.roles:
        reasons.append("ROLE_REQUIRED")
    if list(rules.admin_roles) == [role_pb2.ADMIN_ROLE_SUPER_ADMIN]:
        reasons.append("SUPER_ADMIN_REQUIRED")
    if rules.step_up:
        reasons.append("STEP_UP_REQUIRED")
    if rules.HasField("scope"):
        reasons.append("SCOPE_DENIED")
    if method.has_request_id:
        reasons.append("REQUEST_ID_REUSED")
    return reasons


def _who(rules: policy_pb2.Policy) -> str:
    if rules.access == policy_pb2.ACCESS_PUBLIC:
        return "anyone, without a token"
    if rules.access == policy_pb2.ACCESS_ADMIN:
        return "staff: " + _names(role_pb2.DESCRIPTOR.enum_types_by_name["AdminRole"],
                                  rules.admin_roles)  # fmt: skip
    kinds = _names(role_pb2.DESCRIPTOR.enum_types_by_name["UserRole"], rules.roles)
    who = f"signed-in users ({kinds})" if kinds else "any signed-in user"
    return who + _scope(rules.scope) if rules.HasField("scope") else who


def _scope(scope: policy_pb2.Scope) -> str:
    ways = []
    if scope.company_roles:
        enum = role_pb2.DESCRIPTOR.enum_types_by_name["CompanyRole"]
        ways.append(f"with a role in its company ({_names(enum, scope.company_roles)})")
    if scope.owner:
        ways.append("who own it")
    return f", for what `{scope.field}` names: those " + " or ".join(ways)


def _limit(limit: policy_pb2.RateLimit) -> str:
    per = {
        policy_pb2.RATE_LIMIT_KEY_CALLER: "caller",
        policy_pb2.RATE_LIMIT_KEY_ADDRESS: "address",
        policy_pb2.RATE_LIMIT_KEY_FIELD: f"`{limit.field}`",
    }[limit.key]
    return f"{limit.limit} calls in {limit.window.seconds} s for each {per}"


def _short(enum_name: str, value: str) -> str:
    prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum_name).upper() + "_"
    return value.removeprefix(prefix)


def _names(enum: EnumDescriptor, numbers: Iterable[int]) -> str:
    return ", ".join(_short(enum.name, enum.values_by_number[number].name) for number in numbers)
