"""What a new password must not be."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from services.auth.app.new_passwords import NewPasswords
from services.auth.domain.passwords import HOUSE_WORDS, check_new_password, context_of
from services.auth.domain.users import PASSWORD_SHORTEST, normalise_password
from services.auth.ports.passwords import Argon2Passwords, Cost
from services.kit.errors import InvalidFields
from stack.paths import ROOT

CHEAP = Cost(memory_kib=64, passes=1)
# A fictitious person.
ABOUT = ("lea.martin-dupre@example.org", "Léa", "Martin-Dupré")


@pytest_asyncio.fixture
async def passwords() -> AsyncIterator[NewPasswords]:
    argon2 = Argon2Passwords(CHEAP)
    yield NewPasswords(argon2)
    argon2.close()


async def refusal(passwords: NewPasswords, text: str) -> str:
    with pytest.raises(InvalidFields) as caught:
        await passwords.hash(text, *ABOUT, field="new_password")
    [(field, why)] = caught.value.violations
    assert field == "new_password"
    return why


@pytest.mark.parametrize(
    "text",
    [
        "password123456", "P@ssw0rd12345", "123456789012", "azertyuiop12", "qwertyuiop123",
        "aaaaaaaaaaaa", "abcdefghijkl", "Bonjour123456", "motdepasse2024", "jetaimemonamour",
        "marseille13013", "iloveyou1234", "soleil123456", "a" * 128,
    ],
)  # fmt: skip
async def test_common_passwords_are_refused(passwords: NewPasswords, text: str) -> None:
    await refusal(passwords, text)


async def test_every_long_password_of_the_list_is_refused(passwords: NewPasswords) -> None:
    known = FREQUENCY_LISTS["passwords"]
    assert len(known) >= 3000
    long = [text for text in known if len(text) >= PASSWORD_SHORTEST]
    assert len(long) > 100
    for text in long:
        await refusal(passwords, text)


async def test_short_passwords_of_the_list_are_no_better_with_a_year(
    passwords: NewPasswords,
) -> None:
    for text in [*FREQUENCY_LISTS["passwords"]][:3000:60]:
        await refusal(passwords, f"{text}{text}2024"[:20].ljust(PASSWORD_SHORTEST, "1"))


@pytest.mark.parametrize(
    "text",
    ["WeNeeds-2026!", "w3n33ds_martin", "Lea.Martin.1990", "MARTIN-DUPRE-75", "Recruteur!2026"],
)
async def test_words_of_the_context_are_refused(passwords: NewPasswords, text: str) -> None:
    assert "names" in await refusal(passwords, text)


@pytest.mark.parametrize(
    "text",
    ["correct horse battery", "une phrase fictive", "x9$kQ!mmA2zz", "Martin joue du piccolo"],
)
async def test_others_pass(passwords: NewPasswords, text: str) -> None:
    assert (await passwords.hash(text, *ABOUT)).startswith("$argon2id$")


def test_names_are_compared_without_case_accents_and_signs() -> None:
    assert context_of(*ABOUT) == ("dupre", "example", "lea", "martin", "org")
    with pytest.raises(InvalidFields):
        check_new_password("DUPRÉ-lea-12", context_of(*ABOUT), "password")


def test_the_documented_words_are_those_that_are_refused() -> None:
    page = (ROOT / "docs/security/controls.md").read_text()
    assert [word for word in HOUSE_WORDS if f"`{word}`" not in page] == []


async def test_a_password_is_verified_whole_and_as_it_was_typed() -> None:
    argon2 = Argon2Passwords(CHEAP)
    text = " Un Mot De Passe " + "x" * 110 + "y"
    encoded = await argon2.hash(normalise_password(text))
    assert await argon2.verify(encoded, normalise_password(text))
    for other in (text[:-1], text[:-1] + "z", text.strip(), text.lower(), text + " "):
        assert not await argon2.verify(encoded, normalise_password(other))
    argon2.close()
