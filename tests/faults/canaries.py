"""Does a secret lie in clear anywhere it must not: logs, traffic, tables, files?

A secret is looked for as text and as its usual encodings: hex, base64, percent.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql


@dataclass(frozen=True)
class Secret:
    """Something to look for; `name` is what a finding is called."""

    name: str
    value: str

    def is_in(self, text: bytes) -> bool:
        """In clear or in an encoding anybody could undo."""
        if self.value.isdigit():
            return _digits(self.value).search(text) is not None
        return any(form in text for form in self._forms())

    def _forms(self) -> set[bytes]:
        plain = self.value.encode()
        coded = base64.b64encode(plain).rstrip(b"=")[:-1]  # its end depends on what follows
        forms = {plain, plain.hex().encode(), coded, quote(self.value).encode()}
        return forms | _bytes_of_hex(self.value)


def found(secrets: Iterable[Secret], places: Mapping[str, bytes]) -> list[str]:
    """Which secret is in which place."""
    return [
        f"{secret.name} in {place}"
        for secret in secrets
        for place, text in places.items()
        if secret.is_in(text)
    ]


def files(folder: Path, *, but: frozenset[str] = frozenset()) -> dict[str, bytes]:
    """Every file under a folder, but those of these names."""
    return {
        str(file.relative_to(folder.parent)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name not in but
    }


def tables(dsn: str) -> dict[str, bytes]:
    """Every row of every table as text."""
    with psycopg.connect(dsn) as connection:
        names = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        return {f"table {name}": _dump(connection, schema, name) for schema, name in names}


def _dump(connection: "psycopg.Connection[tuple[object, ...]]", schema: str, name: str) -> bytes:
    query = sql.SQL("SELECT t::text FROM {}.{} AS t").format(
        sql.Identifier(schema), sql.Identifier(name)
    )
    return "\n".join(str(row[0]) for row in connection.execute(query)).encode()


def _digits(value: str) -> re.Pattern[bytes]:
    """A PIN by itself or in hex, but not as a part of a longer number, id or fraction of a second."""
    plain, coded = re.escape(value.encode()), value.encode().hex().encode()
    return re.compile(rb"(?<![0-9A-Za-z.+/_-])" + plain + rb"(?![0-9A-Za-z+/_-])|" + coded)


def _bytes_of_hex(value: str) -> set[bytes]:
    try:
        raw = bytes.fromhex(value)
    except ValueError:
        return set()
    return {raw} if len(raw) > 8 else set()
