"""The demo's checks: they hold for honest books and fail for each kind of lie."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from weneeds import euros
from weneeds.common.v1.action_pb2 import (
    ACTION_TYPE_APPLICATION_RECEIVED,
    ACTION_TYPE_INTERVIEW_FAILED,
    ACTION_TYPE_INTERVIEW_SUCCEEDED,
)
from weneeds.jobs.v1.application_pb2 import Application, ApplicationCandidate
from weneeds.jobs.v1.job_pb2 import Job
from weneeds.messaging.v1 import mail_pb2
from weneeds.payment.v1.budget_pb2 import (
    ACTION_STATUS_FAILED,
    ACTION_STATUS_PROCESSED,
    ActionLog,
    Budget,
    LedgerEntry,
)
from weneeds.payment.v1.invoice_pb2 import Invoice

from stack import samples
from stack.demo.cast import Actor, request_id
from stack.demo.flow import Act, Facts
from stack.demo.prices import euro_text, fee_micros
from stack.demo.scene import Employer, Scene
from stack.demo.settling import Books
from stack.demo.verdict import verify
from stack.standins.mailbox import Mail

NOWHERE: Any = None
BOSS = Actor(samples.companies()[0].recruiter, "boss", NOWHERE)
SCENE = Scene(
    Employer(samples.companies()[0], "company", BOSS, BOSS), Job(id="job", title="Cook"), {}, 1
)
FACTS = Facts(
    first_run=True,
    applications=[
        Application(
            id="a1",
            matching_score=83,
            receipt_id="r1",
            candidate=ApplicationCandidate(id="ada"),
        )
    ],
    acts=[
        Act(ACTION_TYPE_APPLICATION_RECEIVED, "a1", 830_000),
        Act(ACTION_TYPE_INTERVIEW_SUCCEEDED, "a1", 1_000_000),
    ],
    mails=[("ada", mail_pb2.MAIL_TYPE_APPLICATION_CONFIRMED)],
    noticed={"a1"},
)


def _action(kind: Any, fee: str, receipt: str = "") -> ActionLog:
    return ActionLog(
        type=kind,
        application_id="a1",
        status=ACTION_STATUS_PROCESSED,
        amount=euros(fee),
        receipt_id=receipt,
    )


def _entry(key: str, amount: str, balance: str) -> LedgerEntry:
    return LedgerEntry(transaction_key=key, amount=euros(amount), balance=euros(balance))


def _mail(name: str, kind: mail_pb2.MailType.ValueType) -> mail_pb2.Mail:
    return mail_pb2.Mail(id=name, type=kind, subject="Cook", status=mail_pb2.MAIL_STATUS_SENT)


def _letter(name: str, text: str) -> dict[str, list[Mail]]:
    message_id = f"<{name}@mail.weneeds.fr>"
    now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    return {message_id: [Mail(name, now, message_id, "", "", "Cook", text, "")]}


def _books() -> Books:
    return Books(
        applications=list(FACTS.applications),
        budget=Budget(current_balance=euros("3.17"), total_budget=euros(5)),
        entries=[
            _entry("action:INTERVIEW_SUCCEEDED:a1", "-1.00", "3.17"),
            _entry("action:APPLICATION_RECEIVED:a1", "-0.83", "4.17"),
            _entry("fund:f1", "5.00", "5.00"),
        ],
        actions=[
            _action(ACTION_TYPE_INTERVIEW_SUCCEEDED, "1.00"),
            _action(ACTION_TYPE_APPLICATION_RECEIVED, "0.83", "r1"),
        ],
        upcoming=Invoice(total=euros("1.83"), net=euros("1.53"), vat=euros("0.30")),
        billed=0,
        mails={
            "boss": [_mail("m1", mail_pb2.MAIL_TYPE_APPLICATION_RECEIVED)],
            "ada": [_mail("m2", mail_pb2.MAIL_TYPE_APPLICATION_CONFIRMED)],
        },
        delivered=_letter("m1", "Frais : 0.83 €.") | _letter("m2", "Bonjour"),  # type: ignore[arg-type]
    )


def _change(**fields: Any) -> Books:
    return dataclasses.replace(_books(), **fields)


def test_honest_books_pass() -> None:
    report = verify(SCENE, FACTS, _books())
    assert [check for check in report.checks if not check.ok] == []
    assert (report.funded, report.spent, report.balance) == (5_000_000, 1_830_000, 3_170_000)
    assert (report.applications, report.mails) == (1, 2)


LIES: dict[str, Callable[[], Books]] = {
    "a fee is a cent too high": lambda: _change(
        actions=[_books().actions[0], _action(ACTION_TYPE_APPLICATION_RECEIVED, "0.84", "r1")]
    ),
    "a fee is charged twice": lambda: _change(actions=[*_books().actions, _books().actions[1]]),
    "an action is given up": lambda: _change(
        actions=[
            ActionLog(type=ACTION_TYPE_INTERVIEW_FAILED, status=ACTION_STATUS_FAILED),
            *_books().actions,
        ]
    ),
    "a fee cites another receipt": lambda: _change(
        actions=[_books().actions[0], _action(ACTION_TYPE_APPLICATION_RECEIVED, "0.83", "r2")]
    ),
    "a micro-euro is gone from the budget": lambda: _change(
        budget=Budget(current_balance=euros("3.169999"), total_budget=euros(5))
    ),
    "more was funded than came in": lambda: _change(
        budget=Budget(current_balance=euros("3.17"), total_budget=euros(6))
    ),
    "an entry is missing": lambda: _change(entries=_books().entries[1:]),
    "a running balance is off": lambda: _change(
        entries=[
            _books().entries[0],
            _entry("action:APPLICATION_RECEIVED:a1", "-0.83", "4.18"),
            _books().entries[2],
        ]
    ),
    "a mail is lost": lambda: _change(delivered=_letter("m1", "Frais : 0.83 €.")),
    "a mail came twice": lambda: _change(
        delivered={name: [*mails, *mails] for name, mails in _books().delivered.items()}
    ),
    "a mail names another fee": lambda: _change(
        delivered=_letter("m1", "Frais : 0.38 €.") | _letter("m2", "Bonjour")
    ),
    "an invoice bills another sum": lambda: _change(billed=10_000),
    "an invoice does not add up": lambda: _change(
        upcoming=Invoice(total=euros("1.83"), net=euros("1.53"), vat=euros("0.31"))
    ),
    "the candidate heard nothing": lambda: _change(
        mails={"boss": _books().mails["boss"], "ada": []}
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_each_lie_is_found(lie: str) -> None:
    assert not verify(SCENE, FACTS, LIES[lie]()).ok


def test_a_notice_that_did_not_arrive_is_found() -> None:
    facts = dataclasses.replace(FACTS, noticed=set())
    assert not verify(SCENE, facts, _books()).ok


def test_the_price_list() -> None:
    assert fee_micros(ACTION_TYPE_APPLICATION_RECEIVED, 0) == 0
    assert fee_micros(ACTION_TYPE_APPLICATION_RECEIVED, 100) == 1_000_000
    assert fee_micros(ACTION_TYPE_APPLICATION_RECEIVED, None) == 670_000
    assert fee_micros(ACTION_TYPE_INTERVIEW_SUCCEEDED, None) == 1_000_000
    assert fee_micros(ACTION_TYPE_INTERVIEW_FAILED, None) == 500_000


@pytest.mark.parametrize(
    ("micros", "text"), [(0, "0.00"), (830_000, "0.83"), (-1_000_001, "-1.000001")]
)
def test_euros_in_words(micros: int, text: str) -> None:
    assert euro_text(micros) == text


def test_request_ids_are_the_same_at_each_run() -> None:
    assert request_id("apply", "j", "u") == request_id("apply", "j", "u")
    assert request_id("apply", "j", "u") != request_id("apply", "j", "v")
