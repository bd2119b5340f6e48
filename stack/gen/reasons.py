"""The page docs/errors.md: `python -m stack.gen.reasons`.

Read from the `reason` option of each value of the error_reason enums, and from the refusals that
the gateway gives by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import EnumDescriptorProto
from google.rpc import code_pb2
from weneeds.options.v1 import reason_pb2

from gateway.contract import Contract
from gateway.errors import REFUSALS
from gateway.wording import HTTP_STATUS
from stack.gen.permissions import table
from stack.paths import ROOT, contract

COMMAND = "python -m stack.gen.reasons"
TARGET = Path("docs/errors.md")

_HEADING = f"""\
# Errors

Generated from the `reason` option of each error reason by `{COMMAND}`; not to be
edited. A contract test compares this page with the descriptors.

Every failure is a `google.rpc.Status`: in `grpc-status-details-bin` for gRPC and gRPC-web, as JSON
for REST. Decide on the `reason` of its `ErrorInfo`; texts are for people and may change.

| detail | holds |
| --- | --- |
| `ErrorInfo` | the reason, the domain (`jobs.weneeds.fr`: who refused), metadata |
| `LocalizedMessage` | the text, in English if `accept-language` begins with `en`, else French |
| `BadRequest` | the wrong fields, each with what is wrong |
| `RetryInfo` | with RATE_LIMITED: when to come back |
| `RequestInfo` | the correlation id, which stands in the log line of the call |

What the gateway refuses by itself has an `ErrorInfo`, and `RetryInfo` with RATE_LIMITED, no more.
"""
_PREFIX = "ERROR_REASON_"
_COLUMNS = ("Reason", "Status", "HTTP", "English", "French", "Metadata")
_BRACES = re.compile(r"\{(\w+)\}")
# In the texts, but in RequestInfo and not in the metadata.
_NOT_METADATA = {"correlation_id"}
_METADATA = re.compile(r"\bMetadata: ([a-z_]+(?:, [a-z_]+)*)")


def render(descriptors: bytes) -> str:
    """The page as Markdown, from the bytes of a FileDescriptorSet."""
    known = Contract(descriptors)
    owners = sorted(
        (name.split(".")[1] for name in known.enums if name.endswith(".v1.ErrorReason")),
        key=lambda owner: (owner != "common", owner),
    )
    parts = [_HEADING]
    for owner in owners:
        title = "Every service" if owner == "common" else owner
        rows = list(_rows(known, f"weneeds.{owner}.v1.ErrorReason"))
        parts.append(f"## {title}\n\n{table(_COLUMNS, rows)}")
    parts.append(f"## The gateway\n\n{_gateway()}")
    return "\n".join(parts)


def metadata(descriptors: bytes) -> dict[tuple[str, str], set[str]]:
    """The documented metadata keys by (service or "common", reason)."""
    known = Contract(descriptors)
    return {
        (name.split(".")[1], value.name.removeprefix(_PREFIX)): set(_keys(known, name, value.name))
        for name, enum in known.enums.items()
        if name.endswith(".v1.ErrorReason")
        for value in enum.value
    }


def _rows(known: Contract, enum_name: str) -> Iterator[list[str]]:
    enum: EnumDescriptorProto = known.enums[enum_name]
    for value in enum.value:
        if not value.number:
            continue
        reason = value.options.Extensions[reason_pb2.reason]
        yield [
            f"`{value.name.removeprefix(_PREFIX)}`",
            code_pb2.Code.Name(reason.code),
            str(HTTP_STATUS[reason.code]),
            _cell(reason.en),
            _cell(reason.fr),
            ", ".join(f"`{key}`" for key in _keys(known, enum_name, value.name)),
        ]


def _keys(known: Contract, enum_name: str, value_name: str) -> list[str]:
    """The keys that the text uses, then those that the comment names."""
    enum = known.enums[enum_name]
    value = next(value for value in enum.value if value.name == value_name)
    used = _BRACES.findall(value.options.Extensions[reason_pb2.reason].en)
    named = _METADATA.search(known.comments.get(f"{enum_name}.{value_name}", ""))
    keys = [*used, *(named.group(1).split(", ") if named else [])]
    return [key for key in dict.fromkeys(keys) if key not in _NOT_METADATA]


def _gateway() -> str:
    rows = {
        (refusal.answers or refusal.http, refusal.reason): [
            f"`{refusal.reason}`",
            code_pb2.Code.Name(refusal.code),
            str(refusal.answers or refusal.http),
            _cell(refusal.text),
        ]
        for refusal in REFUSALS
    }
    return table(_COLUMNS[:4], rows.values())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write the page."""
    (ROOT / TARGET).write_text(render(contract()))


if __name__ == "__main__":
    main()
