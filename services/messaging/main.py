"""Wiring of the messaging service."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

from weneeds.auth.events.v1.events_pb2 import UserDeleted
from weneeds.jobs.events.v1.events_pb2 import ApplicationMoved, ApplicationReceived
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1 import error_reason_pb2, mail_service_pb2, stream_service_pb2
from weneeds.payment.events.v1.charge_events_pb2 import PaymentMethodAdded

from services.kit.consumer import Consumer
from services.kit.service import Endpoint, Periodic, Resources, Service, Wiring
from services.messaging.app.erasures import Erasures
from services.messaging.app.hub import Hub
from services.messaging.app.mails import Mails
from services.messaging.app.notices import Feeds, Notices
from services.messaging.app.sender import Sender
from services.messaging.events import Events
from services.messaging.ports.directory import AuthDirectory, AuthSessions
from services.messaging.ports.smtp import SmtpMailer
from services.messaging.ports.valkey import ValkeyBell
from services.messaging.rpc import MailRpc, StreamRpc
from services.messaging.settings import MessagingSettings
from services.messaging.store.mails import MailTable, TemplateTable
from services.messaging.store.notices import NoticeTable

_MAILS = mail_service_pb2.DESCRIPTOR.services_by_name["MailService"]
_STREAM = stream_service_pb2.DESCRIPTOR.services_by_name["StreamService"]
_REASONS = error_reason_pb2.DESCRIPTOR.enum_types_by_name["ErrorReason"]


async def wire(kit: Resources[MessagingSettings]) -> Wiring:
    """Put the rooms together."""
    settings = kit.settings
    bell = ValkeyBell(kit.redis)
    hub = Hub(bell)
    mail_table, notice_table = MailTable(), NoticeTable()
    directory = AuthDirectory(kit.channels.to("auth"))
    notices = Notices(kit.work, notice_table, bell, hub)
    sender = Sender(
        work=kit.work,
        mails=mail_table,
        templates=TemplateTable(),
        directory=directory,
        mailer=SmtpMailer(settings, kit.clock),
        notices=notices,
        clock=kit.clock,
        retry=settings.retry_policy(),
        claim_for=timedelta(seconds=settings.mail_claim_seconds),
        jitter=random.random,
    )
    mails = Mails(
        work=kit.work,
        reader=kit.reader,
        store=mail_table,
        clock=kit.clock,
        ids=kit.ids,
        wake_sender=sender.wake,
    )
    feeds = Feeds(
        reader=kit.reader,
        store=notice_table,
        hub=hub,
        sessions=AuthSessions(kit.access),
        clock=kit.clock,
        heartbeat_seconds=settings.heartbeat_seconds,
    )
    erasures = Erasures(kit.work, mail_table, notice_table)
    events = Events(mails, notices, erasures, directory, kit.clock)

    async def sweep() -> None:
        sender.wake()

    return Wiring(
        endpoints=[
            Endpoint(_MAILS, MailRpc(mails)),
            Endpoint(_STREAM, StreamRpc(feeds, kit.clock)),
        ],
        reasons=[_REASONS],
        consumers=[
            Consumer("messaging-mails", MailSend, events.mail_send),
            Consumer(
                "messaging-applications-received",
                ApplicationReceived,
                events.application_received,
            ),
            Consumer("messaging-applications-moved", ApplicationMoved, events.application_moved),
            Consumer("messaging-users-deleted", UserDeleted, events.user_deleted),
            Consumer("messaging-payment-methods", PaymentMethodAdded, events.payment_method_added),
        ],
        periodic=[Periodic("mail-sweep", settings.mail_sweep_seconds, sweep)],
        background=[hub.run],
        close=sender.close,
    )


SERVICE = Service(
    name="messaging",
    wire=wire,
    migrations=Path(__file__).parent / "migrations",
    settings=MessagingSettings,
)
