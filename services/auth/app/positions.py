"""Where a page of a list by time begins: an instant in microseconds, and an id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.kit.errors import PageTokenInvalid
from services.kit.ids import is_uuid
from services.kit.paging import Page

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros_of(at: datetime) -> int:
    """Return microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def position_of(page: Page) -> tuple[datetime, str] | None:
    """Return where the page begins; raise PageTokenInvalid for an impossible place."""
    if page.after is None:
        return None
    micros, key = page.after
    try:
        at = _EPOCH + micros * _MICROSECOND
    except OverflowError as error:
        raise PageTokenInvalid(field="page_token") from error
    if not is_uuid(key):
        raise PageTokenInvalid(field="page_token")
    return at, key
