"""People: what an account is and what makes its fields well-formed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.kit.errors import InvalidFields, Refused

# Password lengths in characters; no rule of composition (NIST SP 800-63B).
PASSWORD_SHORTEST = 12
PASSWORD_LONGEST = 128
DEFAULT_LOCALE = "fr"


class UserRole(StrEnum):
    """What a person is on the platform."""

    CANDIDATE = "CANDIDATE"
    RECRUITER = "RECRUITER"


class UserStatus(StrEnum):
    """Whether an account can be used."""

    ACTIVE = "ACTIVE"
    BANNED = "BANNED"


class EmailTaken(Refused):
    """Another account has this e-mail."""

    reason = "EMAIL_TAKEN"


class CredentialsInvalid(Refused):
    """Unknown e-mail or wrong password: the answer does not say which."""

    reason = "CREDENTIALS_INVALID"


@dataclass(frozen=True, slots=True)
class User:
    """An account. The password's hash is not part of it."""

    id: str
    # Normalised.
    email: str
    first_name: str
    last_name: str
    role: UserRole
    status: UserStatus
    # "fr" or "en".
    locale: str
    created_at: datetime


def normalise_email(text: str) -> str:
    """Return the form under which an e-mail is unique: trimmed, lower case, NFC.

    Dots and "+tags" stay: what they mean is the provider's business.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).lower())


def normalise_password(text: str) -> str:
    """Return the password as it is hashed: the same on every keyboard (NFKC)."""
    return unicodedata.normalize("NFKC", text)


def check_password(text: str) -> None:
    """Raise InvalidFields unless the normalised password has an allowed length."""
    if PASSWORD_SHORTEST <= len(text) <= PASSWORD_LONGEST:
        return
    rule = f"must have {PASSWORD_SHORTEST} to {PASSWORD_LONGEST} characters"
    raise InvalidFields([("password", rule)])


def clean_text(field: str, text: str) -> str:
    """Trim, join runs of white space and compose (NFC).

    Raises InvalidFields when a control character is left: no store, mail or
    terminal should meet one.
    """
    clean = unicodedata.normalize("NFC", " ".join(text.split()))
    if any(unicodedata.category(character) == "Cc" for character in clean):
        raise InvalidFields([(field, "must not hold control characters")])
    return clean


def clean_name(field: str, text: str) -> str:
    """Clean a text that must not be blank; raise InvalidFields if it is."""
    name = clean_text(field, text)
    if not name:
        raise InvalidFields([(field, "must not be blank")])
    return name
