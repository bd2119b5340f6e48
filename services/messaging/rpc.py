"""MailService and StreamService: protobuf in, protobuf out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from weneeds.messaging.v1 import mail_pb2, mail_service_pb2, stream_service_pb2
from weneeds.messaging.v1.mail_service_pb2_grpc import MailServiceServicer
from weneeds.messaging.v1.stream_service_pb2_grpc import StreamServiceServicer

from services.kit.call import current_user
from services.kit.clock import Clock
from services.kit.errors import PageTokenInvalid
from services.kit.ids import is_uuid
from services.kit.paging import Page
from services.messaging.app.mails import Mails
from services.messaging.app.notices import Feeds
from services.messaging.domain.mail import Mail, MailStatus
from services.messaging.domain.notice import Notice

# A mail that is being sent right now is, to its reader, not sent yet.
_STATUS = {
    MailStatus.PENDING: mail_pb2.MAIL_STATUS_PENDING,
    MailStatus.SENDING: mail_pb2.MAIL_STATUS_PENDING,
    MailStatus.SENT: mail_pb2.MAIL_STATUS_SENT,
    MailStatus.FAILED: mail_pb2.MAIL_STATUS_FAILED,
}


class MailRpc(MailServiceServicer):
    """The caller's mails."""

    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    async def ListMyMails(
        self, request: mail_service_pb2.ListMyMailsRequest, context: Any
    ) -> mail_service_pb2.ListMyMailsResponse:
        """List the mails to the caller, newest first."""
        page = Page.of(request, keys=(str,))
        before: str = page.after[0] if page.after else ""
        if before and not is_uuid(before):
            raise PageTokenInvalid(field="page_token")
        rows, total = await self._mails.page(current_user().id, before, page.fetch)
        shown = rows[: page.size]
        return mail_service_pb2.ListMyMailsResponse(
            mails=[_mail(mail) for mail in shown],
            next_page_token=page.next_token(rows, [shown[-1].id]) if shown else "",
            total_size=total,
        )


class StreamRpc(StreamServiceServicer):
    """The caller's feed."""

    def __init__(self, feeds: Feeds, clock: Clock) -> None:
        self._feeds = feeds
        self._clock = clock

    async def Subscribe(
        self, request: stream_service_pb2.SubscribeRequest, context: Any
    ) -> AsyncIterator[stream_service_pb2.SubscribeResponse]:
        """Stream the caller's notices from the cursor on, then as they come."""
        user = current_user()
        feed = self._feeds.follow(user.id, user.session_id, request.topics, request.cursor)
        async with aclosing(feed) as notices:
            async for notice in notices:
                yield self._beat() if notice is None else _notice(notice)

    def _beat(self) -> stream_service_pb2.SubscribeResponse:
        sent_at = Timestamp()
        sent_at.FromDatetime(self._clock.now())
        heartbeat = stream_service_pb2.Heartbeat(sent_at=sent_at)
        return stream_service_pb2.SubscribeResponse(heartbeat=heartbeat)


def _mail(mail: Mail) -> mail_pb2.Mail:
    message = mail_pb2.Mail(
        id=mail.id,
        type=mail_pb2.MailType.Value(f"MAIL_TYPE_{mail.type.value}"),
        subject=mail.subject,
        status=_STATUS[mail.status],
    )
    message.created_at.FromDatetime(mail.created_at)
    if mail.sent_at is not None:
        message.sent_at.FromDatetime(mail.sent_at)
    return message


def _notice(notice: Notice) -> stream_service_pb2.SubscribeResponse:
    message = stream_service_pb2.Notice(
        cursor=notice.cursor,
        topic=notice.topic,
        kind=notice.kind,
        resource_id=notice.resource_id,
    )
    message.happened_at.FromDatetime(notice.created_at)
    return stream_service_pb2.SubscribeResponse(notice=message)
