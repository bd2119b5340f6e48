"""The checks: do all corners of the mesh tell the same story, to the micro-euro?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate

from google.type.date_pb2 import Date
from weneeds import micros
from weneeds.common.v1.action_pb2 import ACTION_TYPE_APPLICATION_RECEIVED, ActionType
from weneeds.jobs.v1.application_pb2 import Application
from weneeds.jobs.v1.candidate_pb2 import Profile
from weneeds.messaging.v1 import mail_pb2
from weneeds.payment.v1.budget_pb2 import ACTION_STATUS_PROCESSED

from stack.demo.flow import Facts
from stack.demo.prices import euro_text, fee_micros
from stack.demo.report import Check, DemoReport, same
from stack.demo.scene import Scene
from stack.demo.settling import Books
from stack.standins import mailbox

_FEE = re.compile(r"(\d+\.\d{2,6}) €")


def verify(scene: Scene, facts: Facts, books: Books) -> DemoReport:
    """Compare the books with what was done and with the price list."""
    balance = micros(books.budget.current_balance)
    funded = micros(books.budget.total_budget)
    sent = list(_sent(books))
    return DemoReport(
        company_id=scene.employer.company_id,
        job_id=scene.job.id,
        first_run=facts.first_run,
        candidates=len(scene.seekers),
        indexed=scene.indexed,
        applications=len(books.applications),
        funded=funded,
        spent=funded - balance,
        balance=balance,
        mails=sum(1 for mail in sent if _copies(books, mail)),
        checks=[
            *_readings(scene),
            *_fees(facts, books),
            *_ledger(books),
            *_notices(facts),
            *_mails(scene, facts, books),
        ],
    )


def _readings(scene: Scene) -> Iterator[Check]:
    """What was read in the PDF files is what they say; only the run that sends them can tell."""
    read = [(seeker.sample.profile, seeker.cv) for seeker in scene.seekers.values() if seeker.cv]
    if not read:
        return
    written = sum(len(profile.experiences) for profile, _ in read)
    found = sum(
        (held.title, held.company, held.start) in _positions(cv.proposed_profile)
        for profile, cv in read
        for held in profile.experiences
    )
    # A title with a comma in it may be cut there: one in fifty is forgiven.
    yield Check(
        "positions read in the CVs, word for word",
        str(written),
        f"{found} of {written}",
        found * 50 >= written * 49,
    )
    yield same("CVs with hidden text", 0, sum(bool(cv.hidden) for _, cv in read))


def _positions(profile: Profile) -> list[tuple[str, str, Date]]:
    return [(held.title, held.company, held.start) for held in profile.experiences]


def _fees(facts: Facts, books: Books) -> Iterator[Check]:
    charged = Counter((a.type, a.application_id, micros(a.amount)) for a in books.actions)
    for act in facts.acts:
        times = charged[act.type, act.application_id, act.fee]
        yield same(f"{_name(act.type)}: {euro_text(act.fee)} EUR, once", 1, times)
    received = [a for a in books.actions if a.type == ACTION_TYPE_APPLICATION_RECEIVED]
    yield same(
        "each application has one fee, by its score",
        sorted((a.id, _application_fee(a)) for a in books.applications),
        sorted((a.application_id, micros(a.amount)) for a in received),
        _total,
    )
    yield same(
        "each fee cites the receipt of its score",
        sorted((a.id, a.receipt_id) for a in books.applications),
        sorted((a.application_id, a.receipt_id) for a in received),
        lambda pairs: f"{len(pairs)} receipts",
    )
    done = sum(a.status == ACTION_STATUS_PROCESSED for a in books.actions)
    yield same("actions that are processed", len(books.actions), done)


def _ledger(books: Books) -> Iterator[Check]:
    entries = [(entry, micros(entry.amount)) for entry in reversed(books.entries)]
    balance = micros(books.budget.current_balance)
    funded = sum(amount for _, amount in entries if amount > 0)
    fees = [
        (f"action:{_name(a.type)}:{a.application_id}", micros(a.amount))
        for a in books.actions
        if micros(a.amount)
    ]
    debits = [(entry.transaction_key, -amount) for entry, amount in entries if amount < 0]
    yield same(
        "money in: the budget and the ledger",
        micros(books.budget.total_budget),
        funded,
        euro_text,
    )
    yield same("money out: the fees and the ledger", sorted(fees), sorted(debits), _total)
    spent = sum(fee for _, fee in fees)
    yield same("what is left: funded less fees, and the budget", funded - spent, balance, euro_text)
    upcoming = books.upcoming
    invoiced = books.billed + micros(upcoming.total)
    yield same("the fees and the invoices, taxes included", spent, invoiced, euro_text)
    parts = micros(upcoming.net) + micros(upcoming.vat) + micros(upcoming.rounding)
    yield same("the invoice: net, tax and rounding", micros(upcoming.total), parts, euro_text)
    running = list(accumulate(amount for _, amount in entries))
    told = [micros(entry.balance) for entry, _ in entries]
    yield same("the balance after each ledger entry", running, told, _last)
    yield same("what is left: the ledger and the budget", (running or [0])[-1], balance, euro_text)


def _notices(facts: Facts) -> Iterator[Check]:
    yield same(
        "application.received on the recruiter's live stream",
        {application.id for application in facts.applications},
        facts.noticed,
        lambda ids: f"{len(ids)} notices",
    )


def _mails(scene: Scene, facts: Facts, books: Books) -> Iterator[Check]:
    listed = sum(len(mails) for mails in books.mails.values())
    sent = list(_sent(books))
    yield same("mails of the story that are sent", listed, len(sent))
    once = sum(len(_copies(books, mail)) == 1 for mail in sent)
    yield same("mails that are in the mailbox exactly once", len(sent), once)
    there = Counter((user, mail.type) for user, mails in books.mails.items() for mail in mails)
    missing = Counter(facts.mails) - there
    yield same("mails that should have followed and did not", 0, missing.total())
    yield same(
        "fees that the recruiter's mails name",
        sorted(euro_text(_application_fee(a)) for a in books.applications),
        sorted(_named_fees(scene, books)),
        ", ".join,
    )


def _named_fees(scene: Scene, books: Books) -> Iterator[str]:
    """Yield the fee in each mail about an application to the demo's job."""
    for mail in books.mails[scene.employer.recruiter.user_id]:
        received = mail.type == mail_pb2.MAIL_TYPE_APPLICATION_RECEIVED
        if not received or scene.job.title not in mail.subject:
            continue
        for copy in _copies(books, mail):
            yield from _FEE.findall(copy.text)


def _application_fee(application: Application) -> int:
    score = application.matching_score if application.HasField("matching_score") else None
    return fee_micros(ACTION_TYPE_APPLICATION_RECEIVED, score)


def _sent(books: Books) -> Iterator[mail_pb2.Mail]:
    for mails in books.mails.values():
        yield from (mail for mail in mails if mail.status == mail_pb2.MAIL_STATUS_SENT)


def _copies(books: Books, mail: mail_pb2.Mail) -> Sequence[mailbox.Mail]:
    return books.delivered.get(f"<{mail.id}@mail.weneeds.fr>", ())


def _name(kind: ActionType.ValueType) -> str:
    return ActionType.Name(kind).removeprefix("ACTION_TYPE_")


def _total(amounts: Sequence[tuple[str, int]]) -> str:
    return f"{len(amounts)} fees, {euro_text(sum(amount for _, amount in amounts))} EUR"


def _last(balances: Sequence[int]) -> str:
    return f"{len(balances)} entries, the last {euro_text((balances or [0])[-1])}"
