"""How long the mesh takes to boot, and how much memory it holds."""

from __future__ import annotations

import asyncio
from statistics import median

from bench.figures import Figure, Target
from bench.processes import proportional_mib, resident_mib
from bench.scene import Scene

_GROUP = "boot"
_MIB = 400
_SECONDS = 6


async def boots(scene: Scene) -> list[Figure]:
    """Boot times, and memory right after the last boot."""
    figures = [Figure(_GROUP, "first boot, empty folder", scene.cold, "s")]
    if scene.warm:
        runs = ", ".join(f"{seconds:.1f}" for seconds in scene.warm)
        warm = Figure(
            _GROUP, "warm boot until the gateway serves", median(scene.warm), "s",
            Target(_SECONDS), f"runs: {runs}",
        )  # fmt: skip
        figures.append(warm)
    return [*figures, *await memory(scene, "after boot")]


async def memory(scene: Scene, when: str) -> list[Figure]:
    """Proportional set size of everything the mesh runs, and resident size of the services."""
    running = scene.mesh.supervisor.running
    parts = {
        name: await asyncio.to_thread(proportional_mib, process.pid)
        for name, process in running.items()
    }
    beside = ", ".join(f"{name} {parts[name]:.0f}" for name in sorted(parts, key=parts.__getitem__))
    total = Figure(
        _GROUP, f"memory of the whole mesh, {when} (PSS)", sum(parts.values()), "MiB",
        Target(_MIB), beside,
    )  # fmt: skip
    services = resident_mib(running["services"].pid)
    return [
        total,
        Figure(_GROUP, f"memory of the services' process, {when} (RSS)", services, "MiB"),
    ]
