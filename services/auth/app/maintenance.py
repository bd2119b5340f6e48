"""The maintenance switch."""

from __future__ import annotations

from collections.abc import Callable

from services.auth.app.staff_stores import MaintenanceStore, Switch
from services.kit.audit import note_change
from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.work import UnitsOfWork


class MaintenanceSwitch:
    """Tells and turns the switch. `switched` hears of each turn that is committed here."""

    def __init__(
        self,
        work: UnitsOfWork,
        reader: Reader,
        store: MaintenanceStore,
        clock: Clock,
        switched: Callable[[bool], None],
    ) -> None:
        self._work = work
        self._reader = reader
        self._store = store
        self._clock = clock
        self._switched = switched

    async def get(self) -> Switch:
        """Return its position."""
        return await self._store.get(self._reader)

    async def is_on(self) -> bool:
        """Return its position, for the kit of this very service."""
        return (await self.get()).on

    async def turn(self, on: bool) -> None:
        """Turn it. Turning it to where it stands succeeds."""
        async with self._work() as work:
            changed = await self._store.turn(work, on=on, at=self._clock.now())
            old = on is not changed
            note_change(
                resource_type="settings",
                resource_id="maintenance",
                old={"on": str(old).lower()},
                new={"on": str(on).lower()},
            )
            work.after_commit(lambda: self._switched(on))
