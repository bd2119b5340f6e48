"""Does the contract break who uses main's? `python -m stack.breaking`.

main holds our protos only; what they import comes from the installed wheels, as everywhere.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from stack.paths import ROOT

_BRANCHES = ("main", "origin/main")


def main() -> None:
    """Compare with main's protos; nothing to do where there is no main or it has none."""
    with tempfile.TemporaryDirectory(prefix="weneeds-contract-") as folder:
        if not any(_extract(branch, Path(folder)) for branch in _BRANCHES):
            print("no main branch with protos to compare the contract with")
            return
        shutil.copytree(ROOT / "third_party", Path(folder) / "third_party")
        buf = Path(sys.executable).parent / "buf"
        done = subprocess.run([buf, "breaking", "--against", folder], cwd=ROOT, check=False)
    sys.exit(done.returncode)


def _extract(branch: str, folder: Path) -> bool:
    command = ["git", "archive", branch, "proto", "buf.yaml"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    except FileNotFoundError:
        return False
    if done.returncode != 0:
        return False
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                _write(folder / member.name, content.read())
    return True


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    main()
