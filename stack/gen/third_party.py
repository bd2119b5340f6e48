"""Fill third_party/ with the .proto files that the contract imports.

They come from the wheels that pip installed, so they always fit the runtime
and nothing foreign is committed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from stack.gen.protoprint import print_file

_GOOGLE = (
    "google/api/annotations.proto",
    "google/api/field_behavior.proto",
    "google/api/http.proto",
    "google/api/httpbody.proto",
    "google/rpc/code.proto",
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
    "google/type/date.proto",
    "google/type/money.proto",
)


def fill(target: Path) -> None:
    """Write the files below `target`, replacing what was there."""
    import google.api as google_api

    wheel = Path(next(iter(google_api.__path__))).parent.parent
    shutil.rmtree(target, ignore_errors=True)
    for name in _GOOGLE:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(wheel / name, target / name)
    rules = target / "buf/validate/validate.proto"
    rules.parent.mkdir(parents=True)
    rules.write_text(print_file(_validate_descriptor()))


def _validate_descriptor() -> FileDescriptorProto:
    from protovalidate._gen.buf.validate import validate_pb

    return FileDescriptorProto.FromString(validate_pb._DESC.proto.to_binary())
