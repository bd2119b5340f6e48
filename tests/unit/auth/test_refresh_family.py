"""The refresh family against a model that remembers everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.auth.domain.sessions import (
    GRACE,
    IDLE,
    LIFETIME,
    USED_KEPT,
    Verdict,
    decide,
    open_session,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


class RefreshFamily(RuleBasedStateMachine):
    """Token number n is succeeded by n + 1; the model keeps when each was used."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.session = open_session("s", "u", "token-0", START)
        self.used_at: list[datetime] = []
        self.alive = True

    @rule(seconds=st.integers(min_value=0, max_value=25))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(days=st.integers(min_value=3, max_value=31))
    def wait_long(self, days: int) -> None:
        self.now += timedelta(days=days)

    @precondition(lambda self: self.alive)
    @rule(back=st.integers(min_value=0, max_value=USED_KEPT + 2))
    def refresh(self, back: int) -> None:
        """Present the current token (0), the one before (1), and so on."""
        newest = len(self.used_at)
        number = max(0, newest - back)
        decision = decide(self.session, f"token-{number}", f"token-{number + 1}", self.now)
        assert decision.verdict is self._expected(number, newest)
        self._follow(number, decision.verdict)
        if decision.verdict is Verdict.REPEATED:
            assert decision.at == self.used_at[number]
        self.session = decision.session

    def _expected(self, number: int, newest: int) -> Verdict:
        last_used = self.used_at[-1] if self.used_at else START
        if self.now >= min(START + LIFETIME, last_used + IDLE):
            return Verdict.EXPIRED
        if number == newest:
            return Verdict.ROTATED
        recent = self.now - self.used_at[number] <= GRACE and newest - number <= USED_KEPT
        return Verdict.REPEATED if recent else Verdict.REUSED

    def _follow(self, number: int, verdict: Verdict) -> None:
        if verdict is Verdict.ROTATED:
            self.used_at.append(self.now)
        self.alive = verdict in (Verdict.ROTATED, Verdict.REPEATED)

    @invariant()
    def exactly_one_token_is_current(self) -> None:
        assert self.session.current == f"token-{len(self.used_at)}"

    @invariant()
    def what_is_kept_is_bounded(self) -> None:
        assert len(self.session.used) <= USED_KEPT
        assert self.session.expires_at == START + LIFETIME


RefreshFamily.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, derandomize=True
)
TestRefreshFamily = RefreshFamily.TestCase


def test_the_grace_interval_ends_to_the_microsecond() -> None:
    opened = open_session("s", "u", "a", START)
    turned = decide(opened, "a", "b", START).session
    assert decide(turned, "a", "b", START + GRACE).verdict is Verdict.REPEATED
    late = START + GRACE + timedelta(microseconds=1)
    assert decide(turned, "a", "b", late).verdict is Verdict.REUSED


def test_a_replica_whose_clock_is_behind_repeats_too() -> None:
    turned = decide(open_session("s", "u", "a", START), "a", "b", START).session
    assert decide(turned, "a", "b", START - timedelta(seconds=3)).verdict is Verdict.REPEATED


def test_an_expired_session_is_not_prolonged() -> None:
    opened = replace(open_session("s", "u", "a", START), expires_at=START)
    decision = decide(opened, "a", "b", START)
    assert (decision.verdict, decision.session) == (Verdict.EXPIRED, opened)
