"""How does an organisation get its first owner?"""

from pydantic import BaseModel, ValidationError

from cloud_api.accounts.schemas import Password
from cloud_api.accounts.service import ensure_owner
from cloud_api.kit.db import Database
from cloud_api.kit.text import Email, Line
from cloud_api.settings import CloudSettings
from portero.verbs import read
from portero.verbs.answers import database_answers


class Founder(BaseModel):
    """The first owner of an organisation, as somebody typed it."""

    email: Email
    organisation: Line
    password: Password


async def create_owner(*, email: str, organisation: str, password: str) -> str:
    """The first owner of an organisation; answers what was done. SystemExit on what is wrong."""
    first = _founder(email=email, organisation=organisation, password=password)
    settings = read.settings(CloudSettings)
    database = Database(settings.database_dsn.get_secret_value(), name="portero-owner")
    try:
        with database_answers():
            async with database.transaction() as session:
                done = await ensure_owner(
                    session,
                    email=first.email,
                    password=first.password,
                    organisation=first.organisation,
                )
    finally:
        await database.close()
    if done.created:
        return f"owner {first.email} created"
    return f"owner {first.email} was there already; nothing changed, not even the password"


def _founder(*, email: str, organisation: str, password: str) -> Founder:
    typed = {"email": email, "organisation": organisation, "password": password}
    try:
        return Founder.model_validate(typed)
    except ValidationError as error:
        told = "\n".join(f"{where}: {what}" for where, what in read.flaws(error))
        raise SystemExit(told) from None
