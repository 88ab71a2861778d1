"""What can an operator of the cloud decide?"""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class CloudSettings(BaseSettings):
    """Read from the environment as `PORTERO_<NAME>`; only the front doors read them."""

    model_config = SettingsConfigDict(
        env_prefix="PORTERO_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    environment: Literal["development", "production"] = "production"
    database_dsn: SecretStr = Field(description="libpq URL the processes run as")
    database_owner_dsn: SecretStr | None = Field(
        default=None, description="libpq URL of the owner, for migrations only"
    )
    database_pool_size: int = Field(default=10, ge=1, le=200)
    secret_key: SecretStr = Field(
        min_length=32, description="keys the hashes of what may not be stored in clear"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="where each process shows what it counts; none: nowhere. Never the API's port",
    )
    metrics_host: str = Field(
        default="127.0.0.1", description="who asks there is not asked for a name: keep it inside"
    )
    trusted_proxies: str = Field(
        default="127.0.0.1", description="whose X-Forwarded-For is believed; comma-separated"
    )
    public_url: str = "http://127.0.0.1:8000"
    data_folder: Path = Path("var")
    owner_email: str | None = None
    owner_password: SecretStr | None = None
    owner_organisation: str = "My houses"
    key_folder: Path | None = Field(
        default=None, description="made by the key ceremony; `<data_folder>/keys` when not given"
    )
    issuer_folder: Path | None = Field(
        default=None,
        description="of the intermediate certificate authority; none: devices get no certificates",
    )
    house_broker_url: str | None = Field(
        default=None,
        description="where houses reach the broker: mqtts://host:port; told at a claim",
    )
    broker_url: str = Field(
        default="mqtt://127.0.0.1:1883", description="mqtt://host:port, or mqtts:// with the files"
    )
    broker_ca: Path | None = None
    broker_certificate: Path | None = None
    broker_key: Path | None = None
    courier_name: str = Field(
        default="courier-1",
        pattern=r"^[a-z0-9-]{1,40}$",
        description="the courier's identity at the broker; no two may share one",
    )
    vendor_urls: dict[str, str] = Field(
        default_factory=dict,
        description='simulators in the place of vendors, by name: {"stripe": "http://127.0.0.1:9"};'
        " refused in production",
    )
    courier_builds: bool = Field(
        default=True, description="this courier also signs and builds snapshots"
    )
    files_store: Literal["local", "s3", "cloudinary"] = Field(
        default="local", description="where sealed files rest"
    )
    files_folder: Path | None = Field(
        default=None, description="of the local store; `<data_folder>/files` when not given"
    )
    files_bucket: str = Field(default="", description="the bucket, or Cloudinary's cloud name")
    files_region: str = "us-east-1"
    files_endpoint: str | None = Field(
        default=None, description="of a store that speaks S3 and is not Amazon's"
    )
    files_key_id: str = Field(default="", description="access key id, or Cloudinary's API key")
    files_secret: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _whole_store(self) -> Self:
        known = self.files_bucket and self.files_key_id and self.files_secret.get_secret_value()
        if self.files_store != "local" and not known:
            raise ValueError("files_store needs files_bucket, files_key_id and files_secret")
        return self

    @model_validator(mode="after")
    def _real_vendors_in_production(self) -> Self:
        if self.environment == "production" and self.vendor_urls:
            raise ValueError("vendor_urls are for development: production asks the vendors")
        return self
