"""Signatures of id_tokens, verified with the keys that a provider publishes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from services.auth.domain.providers import ProviderAnswerInvalid

warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)

Key = RSAKey | ECKey | OKPKey
_LONGEST = 16 * 1024
_HEADER_LONGEST = 4096
_KEYS_READ = 50
_RSA_BITS = 2048
# Which key each algorithm takes: nothing that the token says changes that.
_KEY_OF = {"RS256": (RSAKey, ""), "ES256": (ECKey, "P-256"), "EdDSA": (OKPKey, "Ed25519")}
_KINDS: dict[str, type[Key]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


class KeyUnknown(Exception):
    """No published key fits the token: the provider may have rotated."""


def keys_of(document: dict[str, Any]) -> list[Key]:
    """Return the usable public signature keys of a key set (RFC 7517); odd ones are left out."""
    listed = document.get("keys")
    entries = listed[:_KEYS_READ] if isinstance(listed, list) else []
    return [key for entry in entries if (key := _key(entry)) is not None]


def verified_claims(
    token: str, keys: Sequence[Key], algorithms: Sequence[str]
) -> tuple[dict[str, Any], str]:
    """Return the claims of a signed token and the algorithm that signed it.

    Raises ProviderAnswerInvalid, and KeyUnknown when no key has the token's id.
    """
    algorithm, key_id = _header(token, algorithms)
    fitting = [key for key in keys if _fits(key, algorithm, key_id)]
    if not fitting:
        raise KeyUnknown
    for key in fitting:
        try:
            return dict(jwt.decode(token, key, registry=_registry(algorithm)).claims), algorithm
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            continue
    raise ProviderAnswerInvalid


def _registry(algorithm: str) -> JWSRegistry:
    # Providers write parameters of their own; those that are critical are refused all the same.
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = _HEADER_LONGEST
    return registry


def _header(token: str, algorithms: Sequence[str]) -> tuple[str, str | None]:
    if len(token) > _LONGEST:
        raise ProviderAnswerInvalid
    try:
        header = jws.extract_compact(token.encode(), registry=_registry("")).headers()
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise ProviderAnswerInvalid from None
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms or algorithm not in _KEY_OF:
        raise ProviderAnswerInvalid
    if key_id is not None and not isinstance(key_id, str):
        raise ProviderAnswerInvalid
    return algorithm, key_id


def _fits(key: Key, algorithm: str, key_id: str | None) -> bool:
    kind, curve = _KEY_OF[algorithm]
    if not isinstance(key, kind) or key.get("alg", algorithm) != algorithm:
        return False
    if isinstance(key, ECKey | OKPKey) and key.curve_name != curve:
        return False
    return key_id is None or key.kid == key_id


def _key(entry: object) -> Key | None:
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or "d" in entry:
        return None
    kind = _KINDS.get(str(entry.get("kty")))
    if kind is None:
        return None
    try:
        key = kind.import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if isinstance(key, RSAKey) and key.public_key.key_size < _RSA_BITS:
        return None
    return key
