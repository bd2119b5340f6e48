"""Asking for mails, and listing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.ids import Ids
from services.kit.work import UnitsOfWork
from services.messaging.app.stores import MailStore
from services.messaging.domain.mail import Mail, MailType, NewMail


class Mails:
    """The mails of the platform."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        store: MailStore,
        clock: Clock,
        ids: Ids,
        wake_sender: Callable[[], None],
    ) -> None:
        self._work = work
        self._reader = reader
        self._store = store
        self._clock = clock
        self._ids = ids
        self._wake_sender = wake_sender

    async def ask(
        self,
        user_id: str,
        kind: MailType,
        variables: Mapping[str, str],
        *,
        reference_id: str = "",
        variant: str = "",
    ) -> None:
        """Write a mail down to be sent, to a user or to whom the reference is for.

        The mail and the inbox row of the event that asks for it share a
        commit, so one event gives one mail, however often it comes.
        """
        async with self._work() as work:
            now = self._clock.now()
            mail = NewMail(self._ids.new(), user_id, kind, variables, now, reference_id, variant)
            await self._store.add(work, mail)
            work.after_commit(self._wake_sender)

    async def page(self, user_id: str, before: str, limit: int) -> tuple[list[Mail], int]:
        """Return mails to the user below the id `before`, newest first, and their number."""
        return await self._store.page(self._reader, user_id, before, limit)
