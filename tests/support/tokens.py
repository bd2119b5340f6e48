"""Access tokens signed by the mesh's own key, right or wrong as a test wants them."""

from __future__ import annotations

import base64
import json
import time
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import OKPKey

from stack.topology import AUDIENCE, ISSUER, Topology


def signed(topology: Topology, **more: object) -> str:
    """A token of a recruiter whom nobody knows; `more` replaces claims."""
    file = next(topology.signing_keys.glob("*.pem"))
    key = OKPKey.import_key(file.read_bytes(), {"kid": file.stem})
    header = {"alg": "EdDSA", "kid": file.stem}
    return jwt.encode(header, {**_claims(), **more}, key, algorithms=["EdDSA"])


def forged(topology: Topology) -> str:
    """The same, signed by somebody else under the name of the mesh's key."""
    file = next(topology.signing_keys.glob("*.pem"))
    header = {"alg": "EdDSA", "kid": file.stem}
    return jwt.encode(header, _claims(), OKPKey.generate_key("Ed25519"), algorithms=["EdDSA"])


def unsigned() -> str:
    """The same with `alg: none`."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, _claims()))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def _claims() -> dict[str, object]:
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(uuid4()),
        "sid": str(uuid4()),
        "role": "RECRUITER",
        "access": "site",
        "iat": now,
        "exp": now + 600,
    }
