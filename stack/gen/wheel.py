"""Build the wheel of the Python client: `python -m stack.gen.wheel [--out FOLDER]`.

The stubs of the checkout import `buf.validate`, which the services need and
which belongs to somebody else: a client wheel must not bring a top-level
package `buf`. So the wheel gets stubs of its own, made from descriptors
without the validation rules; nothing else differs.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "gen/descriptors.binpb"
CLIENT = ROOT / "clients/python"
_RULES = "buf/validate/validate.proto"
_BIN = Path(sys.executable).parent


def main() -> None:
    """Build the wheel and print where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=CLIENT / "dist", help="where the wheel goes")
    print(build(parser.parse_args().out))


def build(out: Path, work: Path = ROOT / "gen/wheel") -> Path:
    """Build the wheel into `out`, with `work` as scratch; return its path.

    `python -m stack.gen` must have run. Exits with a tool's words when one fails.
    """
    shutil.rmtree(work, ignore_errors=True)
    ignored = shutil.ignore_patterns("v1", "__pycache__")
    shutil.copytree(CLIENT / "weneeds", work / "weneeds", ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copyfile(CLIENT / name, work / name)
    _stubs(work)
    out.mkdir(parents=True, exist_ok=True)
    before = set(out.glob("*.whl"))
    _run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out.resolve())], work
    )
    made = set(out.glob("weneeds-*.whl")) - before or set(out.glob("weneeds-*.whl"))
    return max(made, key=lambda path: path.stat().st_mtime)


def _stubs(work: Path) -> None:
    image = without_rules(IMAGE.read_bytes())
    descriptors = work / "descriptors.binpb"
    descriptors.write_bytes(image.SerializeToString())
    files = [file.name for file in image.file if file.name.startswith("weneeds/")]
    outputs = [f"--{kind}_out={work}" for kind in ("python", "grpc_python")]
    typed = [f"--{kind}_out=quiet:{work}" for kind in ("mypy", "mypy_grpc")]
    plugins = [
        f"--plugin=protoc-gen-{name}={_BIN / f'protoc-gen-{name}'}"
        for name in ("mypy", "mypy_grpc")
    ]
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"--descriptor_set_in={descriptors}"]
    _run([*protoc, *plugins, *outputs, *typed, *files], work)


def without_rules(image: bytes) -> FileDescriptorSet:
    """Return the descriptor set without protovalidate's options and imports."""
    # Registers the options, so that they are read as such and can be cleared.
    from buf.validate import validate_pb2

    files = FileDescriptorSet.FromString(image)
    for file in files.file:
        if _RULES not in file.dependency:
            continue
        file.dependency.remove(_RULES)
        for message in _messages(file):
            message.options.ClearExtension(validate_pb2.message)
            for field in message.field:
                field.options.ClearExtension(validate_pb2.field)
            for oneof in message.oneof_decl:
                oneof.options.ClearExtension(validate_pb2.oneof)
    return files


def _messages(file: FileDescriptorProto) -> Iterable[DescriptorProto]:
    waiting = list(file.message_type)
    while waiting:
        message = waiting.pop()
        waiting.extend(message.nested_type)
        yield message


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command[:3])} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
