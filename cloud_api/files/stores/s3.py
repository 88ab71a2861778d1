"""How do sealed contents rest in a store that speaks S3?

boto3 blocks, so each verb runs in a thread. Addresses put the bucket into the path: stores of one's
own seldom have a name for each bucket.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cloud_api.files.errors import ObjectGoneError, StoreSilentError

_SECONDS: Final = 60
_GONE: Final = frozenset({"NoSuchKey", "404"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where, and with which key. `endpoint` None: Amazon's own."""

    name: str
    region: str
    endpoint: str | None
    key_id: str
    secret: str = field(repr=False)
    prefix: str = "portero/"


class S3Store:
    """One bucket, under one prefix."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._client = boto3.client(
            "s3",
            endpoint_url=bucket.endpoint,
            region_name=bucket.region,
            aws_access_key_id=bucket.key_id,
            aws_secret_access_key=bucket.secret,
            config=Config(
                connect_timeout=5,
                read_timeout=_SECONDS,
                retries={"max_attempts": 1},
                proxies={},
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    async def put(self, name: str, sealed: bytes) -> None:
        """As the port says."""
        key = self._key(name)
        await self._asked(
            lambda: self._client.put_object(
                Bucket=self._bucket.name,
                Key=key,
                Body=sealed,
                ContentType="application/octet-stream",
            )
        )

    async def get(self, name: str) -> bytes:
        """As the port says."""
        key = self._key(name)

        def fetch() -> bytes:
            answer = self._client.get_object(Bucket=self._bucket.name, Key=key)
            with answer["Body"] as body:
                return bytes(body.read())

        return await self._asked(fetch)

    async def delete(self, name: str) -> None:
        """As the port says."""
        key = self._key(name)
        await self._asked(lambda: self._client.delete_object(Bucket=self._bucket.name, Key=key))

    async def names(self, *, before: datetime) -> Sequence[str]:
        """As the port says."""
        return await self._asked(lambda: self._listed(before))

    def _listed(self, before: datetime) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket.name, Prefix=self._bucket.prefix
        )
        return [
            each["Key"].removeprefix(self._bucket.prefix)
            for page in pages
            for each in page.get("Contents", ())
            if each["LastModified"] < before
        ]

    def _key(self, name: str) -> str:
        return f"{self._bucket.prefix}{name}"

    async def _asked[R](self, ask: Callable[[], R]) -> R:
        try:
            return await asyncio.to_thread(ask)
        except ClientError as error:
            details: dict[str, Any] = error.response.get("Error", {})
            code = str(details.get("Code", ""))
            if code in _GONE:
                raise ObjectGoneError from None
            raise StoreSilentError(code) from None
        except (BotoCoreError, OSError) as error:
            raise StoreSilentError(type(error).__name__) from None
