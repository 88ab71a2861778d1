"""Which stores are there, and which did the operator choose?"""

from pathlib import Path
from typing import Literal, Protocol

from pydantic import SecretStr

from cloud_api.files.ports import ObjectStore
from cloud_api.files.stores.cloudinary import CloudinaryAccount, CloudinaryStore
from cloud_api.files.stores.local import LocalStore
from cloud_api.files.stores.s3 import Bucket, S3Store
from cloud_api.kit.clock import Clock
from cloud_api.kit.outgoing import Outgoing


class StoreSettings(Protocol):
    """What an operator decides; the settings' own names."""

    @property
    def data_folder(self) -> Path: ...  # noqa: D102 - see settings
    @property
    def files_store(self) -> Literal["local", "s3", "cloudinary"]: ...  # noqa: D102 - see settings
    @property
    def files_folder(self) -> Path | None: ...  # noqa: D102 - see settings
    @property
    def files_bucket(self) -> str: ...  # noqa: D102 - see settings
    @property
    def files_region(self) -> str: ...  # noqa: D102 - see settings
    @property
    def files_endpoint(self) -> str | None: ...  # noqa: D102 - see settings
    @property
    def files_key_id(self) -> str: ...  # noqa: D102 - see settings
    @property
    def files_secret(self) -> SecretStr: ...  # noqa: D102 - see settings


def store_of(settings: StoreSettings, outgoing: Outgoing, clock: Clock) -> ObjectStore:
    """The store these settings name; nothing is asked of it yet."""
    match settings.files_store:
        case "local":
            return LocalStore(settings.files_folder or settings.data_folder / "files")
        case "s3":
            return S3Store(
                Bucket(
                    name=settings.files_bucket,
                    region=settings.files_region,
                    endpoint=settings.files_endpoint,
                    key_id=settings.files_key_id,
                    secret=settings.files_secret.get_secret_value(),
                )
            )
        case "cloudinary":
            account = CloudinaryAccount(
                cloud_name=settings.files_bucket,
                api_key=settings.files_key_id,
                secret=settings.files_secret.get_secret_value(),
            )
            return CloudinaryStore(account, outgoing, clock)
