"""Rules about people and companies."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.companies import (
    CollaboratorNotFound,
    CompanyRole,
    LastAdmin,
    check_removal,
    collaborator,
)
from services.auth.domain.users import (
    User,
    UserRole,
    UserStatus,
    check_password,
    clean_name,
    normalise_email,
    normalise_password,
)
from services.kit.errors import InvalidFields

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def person(role: UserRole, status: UserStatus = UserStatus.ACTIVE) -> User:
    return User("u", "ada@example.test", "Ada", "Test", role, status, "fr", NOW)


@pytest.mark.parametrize(
    ("given_email", "stored"),
    [
        ("  Ada@Example.TEST ", "ada@example.test"),
        ("ada.l+jobs@example.test", "ada.l+jobs@example.test"),
        ("E\u0301lise@example.test", "\u00e9lise@example.test"),
        ("\u00c9LISE@example.test", "\u00e9lise@example.test"),
    ],
)
def test_email_has_one_form(given_email: str, stored: str) -> None:
    assert normalise_email(given_email) == stored


@given(st.text(max_size=40))
def test_a_normalised_email_stays_as_it_is(text: str) -> None:
    once = normalise_email(text)
    assert normalise_email(once) == once
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize("length", [12, 13, 128])
def test_password_of_allowed_length(length: int) -> None:
    check_password("x" * length)


@pytest.mark.parametrize("length", [0, 11, 129])
def test_password_of_other_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidFields) as refused:
        check_password("x" * length)
    assert refused.value.violations[0][0] == "password"


def test_password_is_the_same_on_every_keyboard() -> None:
    assert normalise_password("e\u0301\ufb01") == normalise_password("\u00e9fi")


def test_name_is_trimmed_and_composed() -> None:
    assert clean_name("first_name", "  E\u0301lise \n Ada ") == "\u00c9lise Ada"


@pytest.mark.parametrize("text", ["   ", "\u2003", "Ada\0", "Ada\x1b[2J"])
def test_blank_name_and_control_characters_are_refused(text: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        clean_name("last_name", text)
    assert refused.value.violations[0][0] == "last_name"


def test_a_recruiter_can_collaborate() -> None:
    found = collaborator(person(UserRole.RECRUITER), CompanyRole.VIEWER, NOW)
    assert (found.user_id, found.role, found.added_at) == ("u", CompanyRole.VIEWER, NOW)


@pytest.mark.parametrize(
    "who",
    [None, person(UserRole.CANDIDATE), person(UserRole.RECRUITER, UserStatus.BANNED)],
)
def test_nobody_else_can_collaborate_and_the_answer_is_the_same(who: User | None) -> None:
    with pytest.raises(CollaboratorNotFound) as refused:
        collaborator(who, CompanyRole.VIEWER, NOW)
    assert (refused.value.field, refused.value.metadata) == ("email", {})


def test_the_last_admin_stays() -> None:
    with pytest.raises(LastAdmin):
        check_removal("a", {"a"})


@pytest.mark.parametrize(("who", "admins"), [("a", {"a", "b"}), ("c", {"a"}), ("c", set())])
def test_others_can_go(who: str, admins: set[str]) -> None:
    check_removal(who, admins)
