"""Signed claims: compact JWS (RFC 7515) whose payload is a JSON object."""

from __future__ import annotations

import json
import warnings
from typing import Any, Protocol

from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidPayloadError, SecurityWarning
from joserfc.jwk import Key, KeySet
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

# RFC 9864 renames EdDSA; Envoy knows the old name only.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)
_ALGORITHMS = ["EdDSA", "Ed25519", "ES256"]
# Headers with more in them are judged anew each time.
_PLAIN = {"alg", "kid", "typ"}
_CAPACITY = 64


class _Algorithm(Protocol):
    def verify(self, msg: bytes, sig: bytes, key: Any) -> bool: ...


class Signatures:
    """Verifies signatures by the keys of one set.

    All tokens of a key have the same header, to the letter. joserfc judges it
    with the first one (algorithm, key, what is critical); those that follow
    with that header have their signature checked and nothing else, for half of
    the price.
    """

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys
        self._judged: dict[str, tuple[_Algorithm, Key]] = {}

    def claims(self, token: str) -> dict[str, Any]:
        """Return what is signed.

        Raises JoseError, ValueError, KeyError or TypeError for whatever is not
        a token, or not one of these keys.
        """
        header, payload, signature = token.split(".")
        judged = self._judged.get(header)
        if judged is None:
            return self._judge(token, header)
        algorithm, key = judged
        signed = f"{header}.{payload}".encode()
        if not algorithm.verify(signed, urlsafe_b64decode(signature.encode()), key):
            raise BadSignatureError
        claims = json.loads(urlsafe_b64decode(payload.encode()))
        if not isinstance(claims, dict):
            raise InvalidPayloadError
        return claims

    def _judge(self, token: str, header: str) -> dict[str, Any]:
        found = jwt.decode(token, self._keys, algorithms=_ALGORITHMS)
        named = found.header
        if named.keys() <= _PLAIN and "kid" in named and len(self._judged) < _CAPACITY:
            key = self._keys.get_by_kid(named["kid"])
            self._judged[header] = (JWSRegistry.algorithms[named["alg"]], key)
        return dict(found.claims)
