"""Host services in this process: `python -m services.run jobs payment`."""

from __future__ import annotations

import argparse
import importlib

from services.kit.host import run
from services.kit.service import Service

NAMES = ("auth", "jobs", "matching", "payment", "messaging")


def load(name: str) -> Service:
    """Return the definition of the service `name`."""
    service: Service = importlib.import_module(f"services.{name}.main").SERVICE
    return service


def main() -> None:
    """Run the services that the command line names; all of them when it names none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("services", nargs="*", metavar="service", help=", ".join(NAMES))
    wanted = parser.parse_args().services or list(NAMES)
    if unknown := set(wanted) - set(NAMES):
        parser.error(f"unknown service: {', '.join(sorted(unknown))}")
    run([load(name) for name in wanted])


if __name__ == "__main__":
    main()
