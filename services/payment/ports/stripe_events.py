"""Webhooks: what makes them genuine, and what is read from them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from stripe import SignatureVerificationError, WebhookSignature

from services.payment.app.processor import WebhookEvent
from services.payment.domain.errors import WebhookInvalid

# In both directions: the library looks at the past alone, and a signature from the future would
# be good for longer than it should.
_TOLERANCE = timedelta(minutes=5)
_MAX_ID = 255


def read(body: bytes, signature: str, secret: str, now: datetime) -> WebhookEvent:
    """Check signature and age of `body` as it came, then read it. Raises WebhookInvalid."""
    try:
        WebhookSignature.verify_header(body, signature, secret, tolerance=None)
        signed_at = int(dict(part.split("=", 1) for part in signature.split(","))["t"])
        event = json.loads(body)
        event_id, kind = event["id"], event["type"]
        object_id = event["data"]["object"]["id"]
    except (SignatureVerificationError, ValueError, KeyError, TypeError) as error:
        raise WebhookInvalid from error
    if abs(now.timestamp() - signed_at) > _TOLERANCE.total_seconds():
        raise WebhookInvalid
    texts = (event_id, kind, object_id)
    if not all(isinstance(text, str) and 0 < len(text) <= _MAX_ID for text in texts):
        raise WebhookInvalid
    return WebhookEvent(event_id, kind, object_id)
