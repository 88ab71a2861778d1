"""How do we reach PostgreSQL, and what may a use case do with it?"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol, overload
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, DateTime, Enum, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Result, ScalarResult
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.selectable import TypedReturnsRows

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

type Params = Mapping[str, object] | Sequence[Mapping[str, object]] | None
# Seconds; a connection that outlives them is a bug of ours, and must not hold a row for ever.
CONNECT_TIMEOUT_S = 5
# A crowd waits for a connection rather than being sent away; the front sheds what waits longer.
POOL_WAIT_S = 20
STATEMENT_TIMEOUT_S = 10
LOCK_TIMEOUT_S = 5
IDLE_IN_TRANSACTION_S = 30

type JsonObject = dict[str, "Json"]
type Json = str | int | float | bool | list["Json"] | JsonObject | None


class Model(DeclarativeBase):
    """Base of every table of ours; relationships, where there are any, are `lazy="raise"`."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        int: BigInteger(),
        str: Text(),
        JsonObject: JSONB(),
    }


def text_enum[E: StrEnum](kind: type[E]) -> Enum:
    """A column of this enum, stored as its value in a text column with a CHECK."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


class Session(Protocol):
    """What a use case may do: read and write, never commit. The door commits, once."""

    def add(self, instance: object) -> None:
        """Insert this object at the next flush."""
        ...

    def add_all(self, instances: Iterable[object]) -> None:
        """Insert these objects at the next flush."""
        ...

    async def flush(self) -> None:
        """Send what was added or changed."""
        ...

    async def delete(self, instance: object) -> None:
        """Delete this object at the next flush."""
        ...

    async def get[T](self, entity: type[T], ident: Any) -> T | None:  # noqa: ANN401 - SQLAlchemy's
        """The object of this primary key. Tenant rows are read by `scoped` selects instead."""
        ...

    @overload
    async def execute[*Ts](
        self, statement: TypedReturnsRows[*Ts], params: Params = None
    ) -> Result[*Ts]: ...
    @overload
    async def execute(
        self, statement: Executable, params: Params = None
    ) -> Result[*tuple[Any, ...]]: ...

    @overload
    async def scalar[T](
        self, statement: TypedReturnsRows[T], params: Params = None
    ) -> T | None: ...
    @overload
    async def scalar(self, statement: Executable, params: Params = None) -> Any: ...  # noqa: ANN401 - SQLAlchemy's

    @overload
    async def scalars[T](
        self, statement: TypedReturnsRows[T], params: Params = None
    ) -> ScalarResult[T]: ...
    @overload
    async def scalars(self, statement: Executable, params: Params = None) -> ScalarResult[Any]: ...


class Database:
    """One process's pool on one PostgreSQL. `dsn` is a libpq URL, unix sockets included."""

    def __init__(self, dsn: str, *, pool_size: int = 10, name: str = "portero") -> None:
        async def connect() -> "asyncpg.Connection[asyncpg.Record]":
            return await asyncpg.connect(
                dsn,
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=STATEMENT_TIMEOUT_S + CONNECT_TIMEOUT_S,
                server_settings=_server_settings(name),
            )

        self.dsn = dsn
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=connect,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_WAIT_S,
            pool_use_lifo=True,
        )
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One door's transaction: committed on a normal way out, rolled back on any other."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session
            await session.commit()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """One door that only reads: each statement is its own transaction.

        Under READ COMMITTED each statement has its own snapshot anyway; this spares the round
        trips of BEGIN and COMMIT. A lock taken here is gone with its statement.
        """
        async with AsyncSession(self._autocommit, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def one_statement(self) -> AsyncIterator[AsyncSession]:
        """One door that says one statement, which is its own transaction: one round trip.

        A second statement would be a second transaction: whoever needs two takes `transaction`.
        """
        async with AsyncSession(self._autocommit, expire_on_commit=False) as session:
            yield session

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _server_settings(name: str) -> dict[str, str]:
    return {
        "application_name": name,
        "timezone": "UTC",
        "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
        "lock_timeout": f"{LOCK_TIMEOUT_S}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_S}s",
    }
