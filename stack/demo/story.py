"""The story on the screen: who, what, score, fee, mails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from rich.console import Console, JustifyMethod
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from weneeds import micros
from weneeds.common.v1.action_pb2 import ActionType
from weneeds.jobs.v1.application_pb2 import Application
from weneeds.jobs.v1.job_pb2 import Job
from weneeds.matching.v1.ranking_service_pb2 import RankCandidatesResponse
from weneeds.messaging.v1.mail_pb2 import MailType
from weneeds.payment.v1.budget_pb2 import Budget

from stack.demo.prices import euro_text
from stack.demo.report import DemoReport
from stack.samples.cvs import LAYOUTS

if TYPE_CHECKING:
    from stack.demo.flow import Facts
    from stack.demo.scene import Employer, Scene, Seeker
    from stack.demo.settling import Books

_TOP = 8
_LAYOUT_COUNT = len(LAYOUTS)
_LAST_ENTRIES = 12
_LONG = ("job", "title", "subject", "company", "check", "receipt")


class Story:
    """Tells the demo."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def chapter(self, number: str, title: str) -> None:
        """Begin a point of the flow."""
        self._console.print()
        self._console.print(Text.assemble((f"{number}. ", "bold cyan"), (title, "bold")))

    def waiting(self, what: str) -> AbstractContextManager[object]:
        """Show that something takes a while."""
        return self._console.status(what)

    def employers(self, employers: Sequence[Employer]) -> None:
        """Who hires."""
        table = _table("company", "city", "recruiter (ADMIN)", "collaborator")
        for employer in employers:
            role = employer.sample.collaborator_role
            _row(
                table,
                employer.sample.name,
                employer.sample.city,
                employer.recruiter.name,
                f"{employer.helper.name} ({role})",
            )
        self._console.print(table)

    def jobs(
        self, employers: Sequence[Employer], jobs: Sequence[Mapping[str, Job]], budget: Budget
    ) -> None:
        """What is advertised, and what is set aside for the job of the story."""
        table = _table("job", "city", "budget, EUR")
        for employer, known in zip(employers, jobs, strict=True):
            _row(table, Text(employer.sample.name, "dim"))
            for job in known.values():
                mine = job.id == budget.job_id
                money = euro_text(micros(budget.current_balance)) if mine else ""
                _row(table, Text(job.title, "bold" if mine else ""), job.city, money)
        self._console.print(table)

    def candidates(self, profiles: int, indexed: int, seconds: float) -> None:
        """How many look for work."""
        self._console.print(
            f"   {profiles} profiles, {indexed} in the index of matching, {seconds:.1f} s",
            highlight=False,
        )

    def cvs(self, seekers: Sequence[Seeker]) -> None:
        """What was read in the CVs, and one of them in full."""
        read = [(seeker, seeker.cv) for seeker in seekers if seeker.cv is not None]
        if not read:
            self._console.print("   Their CVs were read in the first run.")
            return
        positions = sum(len(cv.facts.experiences) for _, cv in read)
        skills = sum(len(cv.facts.skills) for _, cv in read)
        hidden = sum(bool(cv.hidden) for _, cv in read)
        self._console.print(
            f"   {len(read)} PDF files in {_LAYOUT_COUNT} layouts: {positions} positions, {skills} "
            f"skills read, {hidden} with hidden text; each fact with its words and page",
            highlight=False,
        )
        seeker, cv = read[0]
        for held in cv.facts.experiences[:2]:
            told = f"{held.title.quote} | {held.company.quote} | {held.period.quote}"
            where = f"page {held.title.page} of {seeker.actor.name}'s CV"
            self._console.print(Padding(Text(f"{where}: {told}", "dim"), (0, 0, 0, 3)))

    def reasons(self, scene: Scene, ranking: RankCandidatesResponse) -> None:
        """Why each of the best has the score that it has."""
        for hit in ranking.candidates[:_TOP]:
            name = scene.seeker(hit.candidate_id)
            why = " ".join(hit.score.reasons)
            line = Text.assemble((f"{name}: {hit.score.final_score} ", "bold"), (why, "dim"))
            self._console.print(Padding(line, (0, 0, 0, 3)))

    def ranking(self, scene: Scene, ranking: RankCandidatesResponse) -> None:
        """The best candidates for the job."""
        self._console.print(
            f"   The best of {ranking.total_size} for “{scene.job.title}” "
            f"(profile {ranking.profile})",
            highlight=False,
            markup=False,
        )
        table = _table("", "candidate", "title", "rank", "score", "skills")
        for place, hit in enumerate(ranking.candidates[:_TOP], start=1):
            _row(
                table,
                str(place),
                scene.seeker(hit.candidate_id),
                hit.title,
                f"{hit.rank_score_micros / 1_000_000:.3f}",
                str(hit.score.final_score),
                f"{len(hit.matched_skills)} of {len(scene.job.skills)}",
            )
        self._console.print(table)
        for hit in ranking.candidates[:1]:
            name = scene.seeker(hit.candidate_id)
            self._console.print(Padding(Text(f"{name}: {hit.explanation}", "dim"), (0, 0, 0, 3)))
        self.reasons(scene, ranking)

    def applications(self, scene: Scene, facts: Facts) -> None:
        """Who applied, with which score, at which price."""
        if not facts.applications:
            self._console.print("   Everybody has applied already.")
            return
        table = _table("candidate", "city", "score", "fee, EUR", "receipt")
        for application, act in zip(facts.applications, facts.acts, strict=False):
            _row(
                table,
                scene.seeker(application.candidate.id),
                application.candidate.city,
                _score(application),
                euro_text(act.fee),
                application.receipt_id,
            )
        self._console.print(table)

    def undecided(self) -> None:
        """A later run leaves the decision open."""
        self._console.print("   Decided in the first run; the new application waits for you.")

    def decisions(self, scene: Scene, facts: Facts) -> None:
        """What the collaborator did."""
        who = {a.id: scene.seeker(a.candidate.id) for a in facts.applications}
        helper = scene.employer.helper
        table = _table("by", "what", "on the application of", "fee, EUR")
        for act in facts.acts[len(facts.applications) :]:
            _row(
                table,
                f"{helper.name} ({scene.employer.sample.collaborator_role})",
                _action(act.type),
                who[act.application_id],
                euro_text(act.fee),
            )
        self._console.print(table)

    def books(self, scene: Scene, books: Books) -> None:
        """The ledger, and who got which mail."""
        who = {a.id: scene.seeker(a.candidate.id) for a in books.applications}
        table = _table("ledger entry", "for", "amount, EUR", "balance, EUR")
        for entry in reversed(books.entries[:_LAST_ENTRIES]):
            kind, *_, subject = entry.transaction_key.split(":")
            what = entry.transaction_key.split(":")[1] if kind == "action" else kind
            _row(
                table,
                what.lower().replace("_", " "),
                who.get(subject, ""),
                euro_text(micros(entry.amount)),
                euro_text(micros(entry.balance)),
            )
        self._console.print(table)
        self._invoice(books)
        employer = scene.employer
        names = {actor.user_id: actor.name for actor in (employer.recruiter, employer.helper)}
        table = _table("mail to", "type", "subject")
        for user_id, mails in books.mails.items():
            for mail in reversed(mails[:_TOP]):
                kind = MailType.Name(mail.type).removeprefix("MAIL_TYPE_")
                _row(table, names.get(user_id) or scene.seeker(user_id), kind, mail.subject)
        self._console.print(table)

    def _invoice(self, books: Books) -> None:
        invoice = books.upcoming
        table = _table("next invoice", "actions", "net, EUR", "total, EUR")
        for line in invoice.lines:
            what = f"{_action(line.type)}: {line.title}"
            net, amount = euro_text(micros(line.net)), euro_text(micros(line.amount))
            _row(table, what, str(line.quantity), net, amount)
        rate = euro_text(invoice.vat_rate_basis_points * 10_000)
        vat, total = euro_text(micros(invoice.vat)), euro_text(micros(invoice.total))
        _row(table, f"VAT {rate} %", "", vat, total)
        self._console.print(table)

    def verdict(self, report: DemoReport) -> None:
        """The checks: green, or a red line each."""
        table = _table("", "check", "")
        for check in report.checks:
            mark, style = ("✓", "green") if check.ok else ("✗", "bold red")
            found = check.found if check.ok else f"{check.found}, not {check.expected}"
            what, value = (Text(part, "" if check.ok else style) for part in (check.what, found))
            _row(table, Text(mark, style), what, value)
        self._console.print(table)
        broken = sum(not check.ok for check in report.checks)
        if broken:
            self._console.print(f"   {broken} checks failed.", style="bold red")
            return
        self._console.print(
            f"   {report.applications} applications, {euro_text(report.spent)} of "
            f"{euro_text(report.funded)} EUR spent, {report.mails} mails: "
            "all tell the same story, to the micro-euro.",
            style="green",
            highlight=False,
        )


def _table(*columns: str) -> Table:
    table = Table(header_style="dim", box=None, padding=(0, 2, 0, 1))
    for column in columns:
        right = "EUR" in column or column in ("rank", "score")
        # On a narrow screen the long columns give way.
        justify: JustifyMethod = "right" if right else "left"
        table.add_column(column, justify=justify, no_wrap=column not in _LONG, overflow="fold")
    return table


def _row(table: Table, *cells: str | Text) -> None:
    # As Text, so that brackets in the data are no markup.
    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))


def _score(application: Application) -> str:
    return str(application.matching_score) if application.HasField("matching_score") else "–"  # noqa: RUF001


def _action(kind: ActionType.ValueType) -> str:
    return ActionType.Name(kind).removeprefix("ACTION_TYPE_").lower().replace("_", " ")
