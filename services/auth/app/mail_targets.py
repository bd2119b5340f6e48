"""Where a mail goes and which link it carries, told when it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from services.auth.app.ports import LinkCodes
from services.auth.app.stores import InvitationStore, LinkStore, UserStore
from services.auth.domain.links import Invitation, Link, LinkInvalid, Purpose
from services.auth.domain.users import User
from services.kit.clock import Clock
from services.kit.work import UnitOfWork, UnitsOfWork


@dataclass(frozen=True, slots=True)
class MailTarget:
    """An address, and what is to be read there. The link is a secret."""

    email: str
    # Empty for somebody without an account.
    first_name: str
    locale: str
    # Empty when the mail opens nothing.
    link: str


class MailTargets:
    """Resolves the references that events carry.

    Reads what was committed last: a mail may be sent a moment after it was asked for.
    """

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        users: UserStore,
        links: LinkStore,
        invitations: InvitationStore,
        codes: LinkCodes,
        clock: Clock,
    ) -> None:
        self._work = work
        self._users = users
        self._links = links
        self._invitations = invitations
        self._codes = codes
        self._clock = clock

    async def target(self, reference_id: str) -> MailTarget:
        """Return where a mail goes; raise LinkInvalid once there is nothing to send."""
        async with self._work() as work:
            link = await self._links.get(work, reference_id)
            if link is not None:
                return await self._of_link(work, link)
            invitation = await self._invitations.get(work, reference_id)
            if invitation is not None:
                return await self._of_invitation(work, invitation)
        raise LinkInvalid(field="reference_id")

    async def drop_expired(self) -> None:
        """Delete links and invitations that have run out."""
        async with self._work() as work:
            await self._links.drop_expired(work, self._clock.now())

    async def _of_link(self, work: UnitOfWork, link: Link) -> MailTarget:
        user = await self._reader(work, link)
        if user is None or self._clock.now() >= link.expires_at:
            raise LinkInvalid(field="reference_id")
        url = self._codes.link(link.purpose, link.id)
        return MailTarget(link.email, user.first_name, user.locale, url)

    async def _reader(self, work: UnitOfWork, link: Link) -> User | None:
        if link.user_id is None:
            return await self._users.by_email(work, link.email)
        return await self._users.get(work, link.user_id)

    async def _of_invitation(self, work: UnitOfWork, invitation: Invitation) -> MailTarget:
        if self._clock.now() >= invitation.expires_at:
            raise LinkInvalid(field="reference_id")
        user = await self._users.by_email(work, invitation.email)
        return MailTarget(
            email=invitation.email,
            first_name=user.first_name if user else "",
            locale=user.locale if user else invitation.locale,
            link=self._codes.link(Purpose.INVITATION, invitation.id),
        )
