"""What signing in through identity providers asks of the outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.auth.domain.providers import Profile
from services.auth.domain.users import UserRole


@dataclass(frozen=True, slots=True)
class ProviderName:
    """A provider as people see it."""

    name: str
    # For the button.
    title: str


@dataclass(frozen=True, slots=True)
class ProviderAttempt:
    """What was begun with a provider, until its answer comes."""

    provider: str
    redirect_uri: str
    nonce: str
    # The PKCE verifier: it never leaves this side.
    verifier: str
    # Of the account that a first sign-in creates; None when linking.
    role: UserRole | None
    # To whom to link; empty when signing in.
    user_id: str
    # SHA-256 of what the client that began a sign-in keeps to itself; empty when linking.
    binding: str = ""


class ProviderAttempts(Protocol):
    """Keeps attempts. Raises DependencyDown when the store does not answer."""

    async def keep(self, state: str, attempt: ProviderAttempt) -> None:
        """Keep an attempt for ten minutes."""

    async def take(self, state: str) -> ProviderAttempt | None:
        """Return the attempt of a state and forget it; None when there is none (any more)."""


class IdentityProviders(Protocol):
    """Speaks with identity providers.

    Raises DependencyDown when one does not answer, or not as a provider does.
    """

    @property
    def names(self) -> Sequence[ProviderName]:
        """The configured providers, in the order of the configuration."""

    async def authorization_url(self, attempt: ProviderAttempt, state: str) -> str:
        """Return where the browser goes; raise ProviderUnknown."""

    async def profile(self, attempt: ProviderAttempt, code: str, iss: str = "") -> Profile:
        """Trade a code for what the provider says of the person.

        `iss` is who sent the code, where the answer says it. Raises
        ProviderAnswerInvalid, and ProviderUnknown for one that was taken out of
        the configuration meanwhile.
        """
