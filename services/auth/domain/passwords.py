"""What a new password must not be: too short, or made of what everybody would try.

How soon it is guessed otherwise a port tells (see `app/new_passwords.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from services.auth.domain.users import check_password
from services.kit.errors import InvalidFields

# Words of this house and its trade, and the rows of the French keyboard. The list is part of the
# documentation: docs/security/controls.md names it.
HOUSE_WORDS = (
    "weneeds", "recrutement", "recruteur", "recruiter", "candidature", "candidate", "candidat",
    "emploi", "entreprise", "motdepasse", "password", "azertyuiop", "azerty", "qsdfghjklm",
    "wxcvbn",
)  # fmt: skip
# What must be left of a password without the words that belong to its context.
REST_SHORTEST = 8
# Shorter parts of names say nothing: they stand in many words.
_WORD_SHORTEST = 3
_SPOKEN_AS = str.maketrans("0134578@$!", "oieastbasi")


def context_of(*texts: str) -> tuple[str, ...]:
    """Return the words of names and e-mails that a password of theirs must not lean on."""
    found = {word for text in texts for word in re.split(r"[\W\d_]+", _bare(text))}
    return tuple(sorted(word for word in found if len(word) >= _WORD_SHORTEST))


def check_new_password(password: str, context: Iterable[str], field: str) -> None:
    """Raise InvalidFields for a normalised password that is too short or leans on its context."""
    check_password(password, field)
    rest = _plain(password)
    # The longest first: "recrute" must not leave the end of "recruteur".
    for word in sorted({*HOUSE_WORDS, *context}, key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < REST_SHORTEST:
        raise InvalidFields([(field, "must not be made of your names or of this platform's")])


def _plain(text: str) -> str:
    """Return letters without case and accents, with the signs that stand for letters as these."""
    return _bare(text).translate(_SPOKEN_AS)


def _bare(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(mark for mark in apart if not unicodedata.combining(mark))
