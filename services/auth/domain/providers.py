"""Identity providers: what their word is worth and what becomes of it."""

from __future__ import annotations

import hashlib
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from services.auth.domain.users import (
    DEFAULT_LOCALE,
    LOCALES,
    PERSON_NAME_LONGEST,
    clean_email,
)
from services.kit.errors import InvalidFields, Refused


class ProviderUnknown(Refused):
    """No identity provider of that name is configured. Metadata: provider."""

    reason = "PROVIDER_UNKNOWN"


class ProviderAnswerInvalid(Refused):
    """A provider's answer does not fit what was begun."""

    reason = "PROVIDER_ANSWER_INVALID"


class IdentityTaken(Refused):
    """The identity belongs to another user, or an account has its e-mail."""

    reason = "IDENTITY_TAKEN"


class LastSignInMethod(Refused):
    """The last way to sign in cannot be taken away."""

    reason = "LAST_SIGN_IN_METHOD"


@dataclass(frozen=True, slots=True)
class Identity:
    """A provider's account that signs in to a user's."""

    id: str
    user_id: str
    provider: str
    # What the provider calls the person; never reassigned (`sub`).
    subject: str
    # What the provider said when it was linked; normalised, may be empty.
    email: str
    linked_at: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """What a provider says of a person, after every check."""

    subject: str
    # Normalised; may be empty.
    email: str
    # Whether the provider proved that the e-mail is the person's.
    email_verified: bool
    first_name: str
    last_name: str
    # "fr", "en" or empty.
    locale: str


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Under which names a provider tells about a person (OIDC Core 5.1 by default)."""

    email: str = "email"
    email_verified: str = "email_verified"
    first_name: str = "given_name"
    last_name: str = "family_name"
    name: str = "name"
    locale: str = "locale"


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def profile_of(subject: str, claims: dict[str, object], names: ClaimNames) -> Profile:
    """Read a profile from verified claims. What is missing or odd is left empty."""
    first, last = _text(claims, names.first_name), _text(claims, names.last_name)
    if not first and not last:
        first, _, last = _text(claims, names.name).partition(" ")
    return Profile(
        subject=subject,
        email=_email(claims.get(names.email)),
        email_verified=_is_true(claims.get(names.email_verified)),
        first_name=_clip(first),
        last_name=_clip(last),
        locale=_locale(claims.get(names.locale)),
    )


def first_name_of(profile: Profile) -> str:
    """Return the first name, or what the e-mail begins with where the provider tells none."""
    return profile.first_name or _clip(profile.email.partition("@")[0])


def check_unlink(identity_id: str, held: Collection[str], has_password: bool) -> None:
    """Raise LastSignInMethod when nothing would be left to sign in with.

    `held` are the ids of all identities that sign in to the account.
    """
    if identity_id in held and len(held) == 1 and not has_password:
        raise LastSignInMethod


def locale_or(profile: Profile, otherwise: str) -> str:
    """Return the language of a new account."""
    chosen = profile.locale or otherwise
    return chosen if chosen in LOCALES else DEFAULT_LOCALE


def _text(claims: dict[str, object], name: str) -> str:
    """Return a claim as one clean line; control characters are dropped."""
    value = claims.get(name)
    if not isinstance(value, str):
        return ""
    line = unicodedata.normalize("NFC", " ".join(value.split()))
    return "".join(mark for mark in line if unicodedata.category(mark) not in ("Cc", "Cs"))


def _clip(name: str) -> str:
    return name[:PERSON_NAME_LONGEST].strip()


def _email(value: object) -> str:
    try:
        return clean_email("email", value) if isinstance(value, str) else ""
    except InvalidFields:
        return ""


def _is_true(value: object) -> bool:
    # Some providers write booleans as text or numbers.
    return value is True or value in ("true", "1") or (type(value) is int and value == 1)


def _locale(value: object) -> str:
    # LinkedIn sends {"country": ..., "language": ...}.
    text = value.get("language") if isinstance(value, dict) else value
    language = text[:2].lower() if isinstance(text, str) else ""
    return language if language in LOCALES else ""
