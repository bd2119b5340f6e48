"""Passkeys: WebAuthn Level 2 through py_webauthn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

import webauthn
from webauthn.helpers import options_to_json, parse_authentication_credential_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from services.auth.app.ports import NewCredential
from services.auth.domain.factors import CHALLENGE_LIFETIME, FactorInvalid, Passkey
from services.auth.domain.users import User

_LOG = logging.getLogger(__name__)
_TIMEOUT_MS = int(CHALLENGE_LIFETIME.total_seconds() * 1000)
# What the authenticator is asked for; a key that only tells that somebody was
# there is enough beside a password.
_VERIFICATION = UserVerificationRequirement.PREFERRED
_SELECTION = AuthenticatorSelectionCriteria(
    resident_key=ResidentKeyRequirement.PREFERRED, user_verification=_VERIFICATION
)
_Result = TypeVar("_Result")


class WebAuthnCeremonies:
    """Builds what browsers are asked and verifies what they answer.

    `rp_id` is the domain that passkeys are bound to; `origins` are the pages
    that may use them.
    """

    def __init__(self, rp_id: str, rp_name: str, origins: Sequence[str]) -> None:
        self._rp_id = rp_id
        self._rp_name = rp_name
        self._origins = list(origins)

    def creation(self, user: User, known: Sequence[bytes], nonce: bytes) -> str:
        """Return the options for making a credential beside the `known` ids, as JSON."""
        options = webauthn.generate_registration_options(
            rp_id=self._rp_id,
            rp_name=self._rp_name,
            user_id=UUID(user.id).bytes,
            user_name=user.email,
            user_display_name=f"{user.first_name} {user.last_name}",
            challenge=nonce,
            timeout=_TIMEOUT_MS,
            authenticator_selection=_SELECTION,
            exclude_credentials=_descriptors(known),
        )
        return options_to_json(options)

    def created(self, credential: str, nonce: bytes) -> NewCredential:
        """Return the credential that the browser made; raise FactorInvalid."""
        verified = _judged(
            lambda: webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=nonce,
                expected_rp_id=self._rp_id,
                expected_origin=self._origins,
            )
        )
        return NewCredential(
            verified.credential_id, verified.credential_public_key, verified.sign_count
        )

    def request(self, known: Sequence[bytes], nonce: bytes) -> str:
        """Return the options for proving one of the `known` ids, as JSON."""
        options = webauthn.generate_authentication_options(
            rp_id=self._rp_id,
            challenge=nonce,
            timeout=_TIMEOUT_MS,
            allow_credentials=_descriptors(known),
            user_verification=_VERIFICATION,
        )
        return options_to_json(options)

    def credential_id(self, credential: str) -> bytes:
        """Return which credential the browser answers with; raise FactorInvalid."""
        return _judged(lambda: parse_authentication_credential_json(credential)).raw_id

    def asserted(self, credential: str, nonce: bytes, passkey: Passkey) -> int:
        """Verify the browser's answer and return the new sign count; raise FactorInvalid."""
        verified = _judged(
            lambda: webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=nonce,
                expected_rp_id=self._rp_id,
                expected_origin=self._origins,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
            )
        )
        return verified.new_sign_count


def _descriptors(ids: Sequence[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one) for one in ids]


def _judged(verify: Callable[[], _Result]) -> _Result:
    try:
        return verify()
    except Exception as error:
        # The parsers raise whatever a hostile answer makes them: none of it is a proof.
        _LOG.info("a passkey was refused: %s", type(error).__name__)
        raise FactorInvalid from error
