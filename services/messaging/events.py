"""What messaging consumes."""

from __future__ import annotations

from weneeds.auth.events.v1.events_pb2 import UserDeleted
from weneeds.jobs.events.v1.events_pb2 import ApplicationMoved, ApplicationReceived
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1 import mail_pb2
from weneeds.payment.events.v1.charge_events_pb2 import PaymentMethodAdded

from services.kit.clock import Clock
from services.messaging.app.erasures import Erasures
from services.messaging.app.mails import Mails
from services.messaging.app.notices import Notices
from services.messaging.app.stores import Companies
from services.messaging.domain.mail import MailType
from services.messaging.domain.notice import NewNotice, Topic


class Events:
    """Handlers. Each runs inside the unit of work that holds the inbox row."""

    def __init__(
        self,
        mails: Mails,
        notices: Notices,
        erasures: Erasures,
        companies: Companies,
        clock: Clock,
    ) -> None:
        self._mails = mails
        self._notices = notices
        self._erasures = erasures
        self._companies = companies
        self._clock = clock

    async def mail_send(self, event: MailSend) -> None:
        """Write the mail down. An unknown type raises ValueError: a dead letter."""
        name = mail_pb2.MailType.Name(event.type).removeprefix("MAIL_TYPE_")
        await self._mails.ask(
            event.recipient_user_id,
            MailType(name),
            event.variables,
            reference_id=event.reference_id,
            variant=event.variant,
        )

    async def user_deleted(self, event: UserDeleted) -> None:
        """Forget the person."""
        await self._erasures.erase(event.user_id)

    async def application_received(self, event: ApplicationReceived) -> None:
        """Tell the recruiter."""
        await self._tell(event.recruiter_id, "application.received", event.application_id)

    async def application_moved(self, event: ApplicationMoved) -> None:
        """Tell the candidate."""
        await self._tell(event.candidate_id, "application.moved", event.application_id)

    async def payment_method_added(self, event: PaymentMethodAdded) -> None:
        """Tell everybody of the company: a notice and a mail for each. Raises DependencyDown."""
        now = self._clock.now()
        card = {"brand": event.brand, "last4": event.last4}
        for user_id in await self._companies.company_people(event.company_id):
            kind = "payment.method.added"
            notice = NewNotice(user_id, Topic.BILLING, kind, event.payment_method_id, now)
            await self._notices.tell(notice)
            await self._mails.ask(user_id, MailType.PAYMENT_METHOD_ADDED, card)

    async def _tell(self, user_id: str, kind: str, application_id: str) -> None:
        now = self._clock.now()
        await self._notices.tell(NewNotice(user_id, Topic.APPLICATIONS, kind, application_id, now))
