"""Waiting until payment and mail have settled, and reading the books."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from weneeds import micros
from weneeds.jobs.v1.application_pb2 import Application
from weneeds.messaging.v1 import mail_pb2
from weneeds.payment.v1.budget_pb2 import ACTION_STATUS_PENDING, ActionLog, Budget, LedgerEntry
from weneeds.payment.v1.invoice_pb2 import INVOICE_KIND_CREDIT_NOTE, Invoice

from stack.demo.cast import Actor, until
from stack.demo.flow import Facts
from stack.demo.scene import Scene
from stack.demo.story import Story
from stack.standins import mailbox

_SECONDS = 120.0
_ALL_MAILS = 1_000_000


@dataclass(frozen=True, slots=True)
class Books:
    """What the mesh says in the end, from each of its corners."""

    applications: Sequence[Application]
    budget: Budget
    # Newest first.
    entries: Sequence[LedgerEntry]
    actions: Sequence[ActionLog]
    # What the company's next invoice would bill now.
    upcoming: Invoice
    # Totals of the invoices that were issued, less credit notes, in micro-euros.
    billed: int
    # The mails of everybody in the story, by user id, as messaging lists them.
    mails: dict[str, Sequence[mail_pb2.Mail]]
    # What the mail server took, by Message-ID.
    delivered: dict[str, Sequence[mailbox.Mail]]


async def settle(scene: Scene, facts: Facts, folder: Path, story: Story) -> Books:
    """Wait for the last fee and the last mail; return the books. Raises TimeoutError."""
    story.chapter("7", "Budget, ledger, actions and mails must tell the same story")
    reader = _Reader(scene, facts, folder)
    with story.waiting("payment charges the fees"):
        actions = await until("the fees", reader.charged, _SECONDS)
    with story.waiting("messaging delivers the mails"):
        mails, delivered = await until("the mails", reader.delivered, _SECONDS)
    return Books(
        applications=await reader.applications(),
        budget=await reader.budget(),
        entries=await reader.entries(),
        actions=actions,
        upcoming=await reader.upcoming(),
        billed=await reader.billed(),
        mails=mails,
        delivered=delivered,
    )


class _Reader:
    def __init__(self, scene: Scene, facts: Facts, folder: Path) -> None:
        self._scene = scene
        self._facts = facts
        self._folder = folder
        self._weneeds = scene.employer.recruiter.weneeds

    async def applications(self) -> list[Application]:
        pager = self._weneeds.applications.list_applications(
            company_id=self._scene.employer.company_id, job_id=self._scene.job.id, page_size=100
        )
        return [application async for application in pager]

    async def budget(self) -> Budget:
        return (await self._weneeds.budgets.get_budget(job_id=self._scene.job.id)).budget

    async def entries(self) -> list[LedgerEntry]:
        pager = self._weneeds.budgets.list_ledger_entries(job_id=self._scene.job.id, page_size=100)
        return [entry async for entry in pager]

    async def upcoming(self) -> Invoice:
        company_id = self._scene.employer.company_id
        answer = await self._weneeds.invoices.get_upcoming_invoice(company_id=company_id)
        return answer.invoice

    async def billed(self) -> int:
        pager = self._weneeds.invoices.list_invoices(
            company_id=self._scene.employer.company_id, page_size=100
        )
        return sum([_signed(invoice) async for invoice in pager])

    async def charged(self) -> list[ActionLog] | None:
        """The actions, once all of this run's are there and none waits."""
        pager = self._weneeds.budgets.list_actions(job_id=self._scene.job.id, page_size=100)
        actions = [action async for action in pager]
        there = {(action.type, action.application_id) for action in actions}
        wanted = {(act.type, act.application_id) for act in self._facts.acts}
        waiting = any(action.status == ACTION_STATUS_PENDING for action in actions)
        return actions if wanted <= there and not waiting else None

    async def delivered(
        self,
    ) -> tuple[dict[str, Sequence[mail_pb2.Mail]], dict[str, Sequence[mailbox.Mail]]] | None:
        """The mails, once all that must follow were sent and none waits."""
        known: dict[str, Sequence[mail_pb2.Mail]] = {}
        for actor in self._readers():
            pager = actor.weneeds.mails.list_my_mails(page_size=100)
            known[actor.user_id] = [mail async for mail in pager]
        mails = [mail for each in known.values() for mail in each]
        if any(mail.status == mail_pb2.MAIL_STATUS_PENDING for mail in mails):
            return None
        there = Counter((user, mail.type) for user, each in known.items() for mail in each)
        if await self._wanted() - there:
            return None
        return known, await asyncio.to_thread(self._mailbox)

    def _readers(self) -> list[Actor]:
        employer = self._scene.employer
        users = {application.candidate.id for application in self._facts.applications}
        seekers = [self._scene.seekers[user].actor for user in users]
        return [employer.recruiter, employer.helper, *seekers]

    async def _wanted(self) -> Counter[tuple[str, mail_pb2.MailType.ValueType]]:
        recruiter = self._scene.employer.recruiter.user_id
        wanted = Counter(self._facts.mails)
        received = len(await self.applications())
        wanted[recruiter, mail_pb2.MAIL_TYPE_APPLICATION_RECEIVED] = received
        for actor in self._readers():
            wanted[actor.user_id, mail_pb2.MAIL_TYPE_WELCOME] = 1
        return wanted

    def _mailbox(self) -> dict[str, Sequence[mailbox.Mail]]:
        found: dict[str, Sequence[mailbox.Mail]] = {}
        for mail in mailbox.read_all(self._folder, limit=_ALL_MAILS):
            found[mail.message_id] = [*found.get(mail.message_id, ()), mail]
        return found


def _signed(invoice: Invoice) -> int:
    total = micros(invoice.total)
    return -total if invoice.kind == INVOICE_KIND_CREDIT_NOTE else total
