"""People: what an account is and what makes its fields well-formed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.kit.errors import InvalidFields, Refused

# Password lengths in characters; no rule of composition (NIST SP 800-63B).
PASSWORD_SHORTEST = 12
PASSWORD_LONGEST = 128
DEFAULT_LOCALE = "fr"
LOCALES = ("fr", "en")
EMAIL_LONGEST = 254
# Of a person's first or last name, in characters.
PERSON_NAME_LONGEST = 80
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(\.{_LABEL})*", re.ASCII)


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


class UserNotFound(Refused):
    """No such user. Metadata: user_id."""

    reason = "USER_NOT_FOUND"


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
    # When the e-mail was proved; None before.
    email_verified_at: datetime | None = None


def normalise_email(text: str) -> str:
    """Return the form under which an e-mail is unique: trimmed, lower case, NFC.

    Dots and "+tags" stay: what they mean is the provider's business.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).lower())


def normalise_password(text: str) -> str:
    """Return the password as it is hashed: the same on every keyboard (NFKC)."""
    return unicodedata.normalize("NFKC", text)


def clean_email(field: str, text: str) -> str:
    """Return a normalised e-mail; raise InvalidFields unless it is one (HTML 5's rule)."""
    email = normalise_email(text)
    if len(email) > EMAIL_LONGEST or not _EMAIL.fullmatch(email):
        raise InvalidFields([(field, "must be a valid email address")])
    return email


def check_password(text: str, field: str = "password") -> None:
    """Raise InvalidFields unless the normalised password has an allowed length."""
    if PASSWORD_SHORTEST <= len(text) <= PASSWORD_LONGEST:
        return
    rule = f"must have {PASSWORD_SHORTEST} to {PASSWORD_LONGEST} characters"
    raise InvalidFields([(field, rule)])


def clean_text(field: str, text: str) -> str:
    """Trim, join runs of white space and compose (NFC).

    Raises InvalidFields when a control character is left: no store, mail or
    terminal should meet one.
    """
    clean = unicodedata.normalize("NFC", " ".join(text.split()))
    if any(unicodedata.category(character) == "Cc" for character in clean):
        raise InvalidFields([(field, "must not hold control characters")])
    return clean


def clean_name(field: str, text: str, longest: int = 120) -> str:
    """Clean a text that must not be blank or too long; raise InvalidFields if it is."""
    name = clean_text(field, text)
    if not name:
        raise InvalidFields([(field, "must not be blank")])
    if len(name) > longest:
        raise InvalidFields([(field, f"must have at most {longest} characters")])
    return name


def clean_locale(field: str, text: str) -> str:
    """Return a language; raise InvalidFields unless it is one of the platform's."""
    if text not in LOCALES:
        raise InvalidFields([(field, f"must be one of {', '.join(LOCALES)}")])
    return text
