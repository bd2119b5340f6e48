"""admin create, audit verify."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal, TypeAlias

import typer
from rich.table import Table

from stack.cli.common import app, console, running_topology
from stack.topology import SERVICES, Topology

admin = typer.Typer(help="Members of staff.", no_args_is_help=True)
audit = typer.Typer(help="The log of who did what.", no_args_is_help=True)
app.add_typer(admin, name="admin")
app.add_typer(audit, name="audit")

Role: TypeAlias = Literal["ADMIN", "SUPER_ADMIN"]


@admin.command()
def create(
    email: Annotated[str, typer.Option(help="What the admin signs in with.")],
    name: Annotated[str, typer.Option(help="How the admin is called.")],
    role: Annotated[Role, typer.Option(help="A super admin manages the others.")] = "SUPER_ADMIN",
) -> None:
    """Create an admin: asks for the password, shows the authenticator's secret once."""
    from services.auth import staff
    from services.auth.app.admins import NewAdmin
    from services.auth.domain.admins import AdminRole
    from services.auth.settings import AuthSettings
    from services.kit.errors import Refused

    topology = running_topology()
    password = typer.prompt(
        "Password (at least 12 characters)", hide_input=True, confirmation_prompt=True
    )
    settings = AuthSettings.load("auth", topology.environment())
    new = NewAdmin(email, name, password, AdminRole(role))
    try:
        created = asyncio.run(staff.create(settings, new))
    except Refused as refused:
        console.print(f"[bold red]✗[/] {staff.explain(refused)}", highlight=False)
        raise typer.Exit(1) from None
    console.print(f"Created {created.admin.role} {created.admin.id}.", highlight=False)
    console.print("For the authenticator app, shown this once:")
    console.print(created.totp_uri, highlight=False, soft_wrap=True, markup=False)


@audit.command()
def verify() -> None:
    """Check the hash chain of each service's audit log. Ends with 1 when one is broken."""
    results = asyncio.run(_verify(running_topology()))
    table = Table()
    for heading in ("Service", "Rows", "Chain"):
        table.add_column(heading)
    for service, (rows, broken) in results.items():
        verdict = "[green]holds[/]" if broken is None else f"[bold red]broken at row {broken}[/]"
        table.add_row(service, str(rows), verdict)
    console.print(table)
    if any(broken is not None for _, broken in results.values()):
        raise typer.Exit(1)


async def _verify(topology: Topology) -> dict[str, tuple[int, int | None]]:
    """How many rows of each service's log hold, and the first that does not."""
    from services.kit.audit import verify as check
    from services.kit.db import Database

    results = {}
    for service in SERVICES:
        # The administrator reads every schema; which one, the search path says.
        database = await Database.connect(f"{topology.admin_url}?search_path={service}", size=1)
        try:
            results[service] = await check(database.reader)
        finally:
            await database.close()
    return results
