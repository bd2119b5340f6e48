"""Forgetting a person whose account was deleted."""

from __future__ import annotations

from services.kit.work import UnitsOfWork
from services.messaging.app.stores import MailStore, NoticeStore


class Erasures:
    """Erases what mails and notices tell of a person."""

    def __init__(self, work: UnitsOfWork, mails: MailStore, notices: NoticeStore) -> None:
        self._work = work
        self._mails = mails
        self._notices = notices

    async def erase(self, user_id: str) -> None:
        """Delete the person's notices and blank their mails; those that wait are given up.

        That there were mails, of which type and when, stays.
        """
        async with self._work() as work:
            await self._notices.erase(work, user_id)
            await self._mails.erase(work, user_id)
