"""Where things are on disk: the project, its state, and what the wheels brought."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def state_folder() -> Path:
    """The one folder that holds everything the mesh keeps; `WENEEDS_STATE` moves it."""
    return Path(os.environ.get("WENEEDS_STATE") or ROOT / ".state").absolute()


def package_folder(name: str) -> Path:
    """The folder of an installed package, found without importing it.

    Raises FileNotFoundError with the way to mend it when the package is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the Python package {name} is not installed; run `make env`")
    return Path(next(iter(spec.submodule_search_locations)))


def contract() -> bytes:
    """The descriptors of everything in proto/, as a FileDescriptorSet."""
    file = ROOT / "gen" / "descriptors.binpb"
    if not file.exists():
        raise FileNotFoundError(f"{file} is not there; run `make gen`")
    return file.read_bytes()


def write_private(path: Path, content: str | bytes) -> None:
    """Replace a file in one step; only its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    draft.replace(path)
