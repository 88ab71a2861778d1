"""What do we read of a vendor's message? Neither names nor digits: they are never even parsed."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel


class HeardRecord(BaseModel):
    """Which record is meant; `lock_date` in milliseconds since 1970, by the lock's own clock."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, alias_generator=to_camel, hide_input_in_errors=True
    )

    record_type: Annotated[int, Field(ge=0, le=10_000)]
    lock_date: Annotated[int, Field(ge=0, le=2**53)]


VENDOR_LOCK = TypeAdapter(Annotated[int, Field(ge=1, le=2**53)])
RECORDS = TypeAdapter(Annotated[tuple[HeardRecord, ...], Field(max_length=500)])


class CallbackOut(BaseModel):
    """Where the vendor is to send its messages. The path is a secret: show it to the vendor only.

    `path` goes behind the cloud's public address.
    """

    path: str
