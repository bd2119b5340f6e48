"""What can be configured: `WENEEDS_MESSAGING_<NAME>`, then `WENEEDS_<NAME>`."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from services.kit.settings import Settings
from services.messaging.domain.mail import RetryPolicy

# Connect, greet, STARTTLS, log in, sender, recipient, data, quit.
_SMTP_STEPS = 9


class MessagingSettings(Settings):
    """The settings of the messaging service."""

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=1025, ge=1, le=65535)
    # How the connection to the mail server is protected.
    smtp_security: str = Field(default="none", pattern="^(none|starttls|tls)$")
    # No log-in when empty.
    smtp_username: str = ""
    smtp_password: str = Field(default="", repr=False)
    # In seconds, for each step of the SMTP dialogue.
    smtp_timeout: float = Field(default=10, gt=0)
    sender: str = "WeNeeds <no-reply@mail.weneeds.fr>"
    # In seconds: how often mails that are due are looked for.
    mail_sweep_seconds: float = Field(default=5, gt=0)
    # In seconds: a claim older than this belongs to a sender that died. Longer
    # than the slowest SMTP dialogue, or two senders hold one mail.
    mail_claim_seconds: float = Field(default=120, gt=0)
    mail_retry_base_seconds: float = Field(default=5, gt=0)
    mail_retry_cap_seconds: float = Field(default=900, gt=0)
    mail_max_attempts: int = Field(default=10, ge=1, le=30)
    # In seconds: how often a stream proves that it lives.
    heartbeat_seconds: float = Field(default=15, gt=0)

    @model_validator(mode="after")
    def _claims_outlive_dialogues(self) -> Self:
        if self.mail_claim_seconds <= _SMTP_STEPS * self.smtp_timeout:
            raise ValueError(f"mail_claim_seconds must exceed {_SMTP_STEPS} x smtp_timeout")
        return self

    def retry_policy(self) -> RetryPolicy:
        """Return when mails are tried again."""
        return RetryPolicy(
            base=timedelta(seconds=self.mail_retry_base_seconds),
            cap=timedelta(seconds=self.mail_retry_cap_seconds),
            max_attempts=self.mail_max_attempts,
        )
