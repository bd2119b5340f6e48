"""Codes of links: made from ids, recognised by their seal, good for one purpose."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.links import Purpose
from services.auth.ports.link_codes import SealedLinkCodes

SECRET = b"s" * 32
CODES = SealedLinkCodes(SECRET, "https://site.example/")
RESET = Purpose.PASSWORD_RESET


def test_a_code_leads_back_to_its_link_and_always_is_the_same() -> None:
    link_id = str(uuid4())
    code = CODES.code(RESET, link_id)
    assert CODES.parse(RESET, code) == link_id
    assert SealedLinkCodes(SECRET, "https://other.example").code(RESET, link_id) == code


def test_the_code_stands_in_the_fragment_of_its_page() -> None:
    link_id = str(uuid4())
    link = CODES.link(Purpose.INVITATION, link_id)
    code = CODES.code(Purpose.INVITATION, link_id)
    assert link == f"https://site.example/invitation#code={code}"
    assert CODES.link(Purpose.EMAIL_CHANGED, link_id) == ""


@pytest.mark.parametrize("other", [p for p in Purpose if p is not RESET])
def test_a_code_is_good_for_its_purpose_only(other: Purpose) -> None:
    assert CODES.parse(other, CODES.code(RESET, str(uuid4()))) is None


def test_another_secret_makes_other_codes() -> None:
    stranger = SealedLinkCodes(b"t" * 32, "https://site.example")
    assert CODES.parse(RESET, stranger.code(RESET, str(uuid4()))) is None


@given(st.integers(0, 63), st.sampled_from("Aab9-_=é\0 "))
def test_a_changed_code_is_none(place: int, character: str) -> None:
    code = CODES.code(RESET, "01890000-0000-7000-8000-000000000001")
    changed = code[:place] + character + code[place + 1 :]
    assert (CODES.parse(RESET, changed) is None) == (changed != code)


@given(st.text(max_size=200))
def test_any_text_is_no_code(text: str) -> None:
    assert CODES.parse(RESET, text) is None
