"""Host services, loaded while the stores still start: `python -m stack.preload GATE SERVICE...`.

Loading takes longer than anything else of a boot, and needs no store. What runs afterwards is
`python -m services.run SERVICE...`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from services.kit.host import run
from services.run import load

_POLL_SECONDS = 0.01


def main() -> None:
    """Load, wait until the file GATE exists, run until SIGTERM."""
    gate, names = Path(sys.argv[1]), sys.argv[2:]
    services = [load(name) for name in names]
    while not gate.exists():
        time.sleep(_POLL_SECONDS)
    run(services)


if __name__ == "__main__":
    main()
