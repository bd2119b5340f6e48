"""Generate everything that is derived from proto/: `python -m stack.gen`."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from stack.gen import third_party

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
THIRD_PARTY = ROOT / "third_party"
GEN = ROOT / "gen"
STUBS = ROOT / "clients/python"
BIN = Path(sys.executable).parent


def main() -> None:
    """Generate if the inputs changed since the last run, or when forced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--force", action="store_true", help="generate although nothing changed")
    force = parser.parse_args().force
    stamp = GEN / "stamp"
    if not force and _up_to_date(stamp):
        return
    third_party.fill(THIRD_PARTY)
    GEN.mkdir(exist_ok=True)
    _run([str(BIN / "buf"), "build", "-o", str(GEN / "descriptors.binpb")])
    _stubs()
    _facade()
    stamp.touch()


def _up_to_date(stamp: Path) -> bool:
    if not stamp.exists():
        return False
    inputs = [*PROTO.rglob("*.proto"), *Path(__file__).parent.glob("*.py"), ROOT / "pyproject.toml"]
    return max(path.stat().st_mtime for path in inputs) <= stamp.stat().st_mtime


def _stubs() -> None:
    """Python stubs: ours beside the SDK, validate_pb2 apart (no client ships it)."""
    for stale in [*STUBS.glob("weneeds/*/v1"), *STUBS.glob("weneeds/*/events")]:
        shutil.rmtree(stale)
    ours = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    STUBS.mkdir(parents=True, exist_ok=True)
    _protoc(STUBS, ours)
    (GEN / "python").mkdir(exist_ok=True)
    _protoc(GEN / "python", ["buf/validate/validate.proto"], grpc=False)


def _facade() -> None:
    # It reads the stubs that were written a moment ago.
    from stack.gen import facade

    facade.write(GEN / "descriptors.binpb", STUBS / "weneeds/_facade.py")


def _protoc(out: Path, files: list[str], *, grpc: bool = True) -> None:
    targets = [f"--python_out={out}", f"--mypy_out=quiet:{out}"]
    if grpc:
        targets += [f"--grpc_python_out={out}", f"--mypy_grpc_out=quiet:{out}"]
    _run(
        [
            sys.executable, "-m", "grpc_tools.protoc",
            f"-I{PROTO}", f"-I{THIRD_PARTY}",
            f"--plugin=protoc-gen-mypy={BIN / 'protoc-gen-mypy'}",
            f"--plugin=protoc-gen-mypy_grpc={BIN / 'protoc-gen-mypy_grpc'}",
            *targets, *files,
        ]
    )  # fmt: skip


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
