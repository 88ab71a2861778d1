"""Which files make a Mosquitto the courier between the cloud and its houses, and nothing more?

Everybody shows a certificate of our authority; its common name is user name *and* client id, so
that no house can take another's line. One pattern gives each house its own two branches; couriers
are named one by one. What an access list cannot do: forbid the retained flag, or answer a foreign
SUBSCRIBE with no (it is granted and nothing is ever delivered). Retained commands are harmless
because only couriers may write downwards, houses drop whatever arrives retained on a channel that
is not, and a live command dies with its nonce.
"""

import re
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from protocol.topics import PREFIX

CONF, ACCESS = "mosquitto.conf", "access.acl"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
FilePath = Annotated[str, StringConstraints(pattern=r"^/[\w./-]{1,200}$")]
_HOUSE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Limits(BaseModel):
    """How much one client may ask of the broker."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    packet_bytes: Annotated[int, Field(ge=300_000, le=16_777_216)] = 1_048_576
    inflight: Annotated[int, Field(ge=1, le=65_535)] = 200
    queued_messages: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    queued_bytes: Annotated[int, Field(ge=1_048_576)] = 33_554_432
    connections: Annotated[int, Field(ge=2, le=1_000_000)] = 20_000
    keepalive_seconds: Annotated[int, Field(ge=15, le=3600)] = 120
    memory_bytes: Annotated[int, Field(ge=0, description="0: no limit")] = 0


class Broker(BaseModel):
    """One Mosquitto 2: where it listens, where its files lie, and which couriers there are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    couriers: Annotated[tuple[Name, ...], Field(min_length=1)]
    user: Annotated[Name, Field(description="whom a broker started as root becomes")] = "mosquitto"
    address: Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f.:]{2,45}$")] = "0.0.0.0"  # noqa: S104 - a broker is there to be reached
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    config_folder: FilePath = "/etc/mosquitto/portero"
    data_folder: FilePath = "/var/lib/mosquitto"
    certificate: FilePath = "/etc/mosquitto/portero/broker.pem"
    key: FilePath = "/etc/mosquitto/portero/broker.key"
    authority: FilePath = "/etc/mosquitto/portero/ca-root.pem"
    refusals: FilePath = "/etc/mosquitto/portero/refusals.pem"
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _couriers_are_no_houses(self) -> Self:
        if len(set(self.couriers)) < len(self.couriers):
            raise ValueError("no two couriers may share a name")
        if any(_HOUSE.fullmatch(name) for name in self.couriers):
            raise ValueError("a courier must not be called like a house")
        return self


def files(broker: Broker) -> dict[str, str]:
    """File names and contents, to be put into `config_folder`."""
    return {CONF: _conf(broker), ACCESS: _access(broker)}


def _conf(broker: Broker) -> str:
    limits = broker.limits
    return f"""\
# Written by Portero; change its input, not this file.
user {broker.user}
per_listener_settings false
allow_anonymous false
allow_zero_length_clientid false
acl_file {broker.config_folder}/{ACCESS}

listener {broker.port} {broker.address}
protocol mqtt
cafile {broker.authority}
certfile {broker.certificate}
keyfile {broker.key}
crlfile {broker.refusals}
require_certificate true
use_identity_as_username true
use_username_as_clientid true
tls_version tlsv1.2
max_connections {limits.connections}

# As shipped, messages are acknowledged long before they are stored.
persistence true
persistence_location {broker.data_folder}/
autosave_on_changes true
autosave_interval 1
persistent_client_expiration 1d

# As shipped, a connection that both hears and speaks waits for delayed acknowledgements.
set_tcp_nodelay true
max_packet_size {limits.packet_bytes}
max_inflight_messages {limits.inflight}
max_queued_messages {limits.queued_messages}
max_queued_bytes {limits.queued_bytes}
max_keepalive {limits.keepalive_seconds}
memory_limit {limits.memory_bytes}
queue_qos0_messages false
retain_available true
sys_interval 60

log_dest stderr
connection_messages true
log_timestamp_format %Y-%m-%dT%H:%M:%S
log_type error
log_type warning
log_type notice
"""


def _access(broker: Broker) -> str:
    lines = [
        "# Written by Portero; change its input, not this file.",
        "# A house writes upwards and hears downwards, under its own name alone.",
        f"pattern write {PREFIX}/%u/up/+",
        f"pattern read {PREFIX}/%u/down/+",
    ]
    for name in broker.couriers:
        lines += [
            "",
            f"user {name}",
            f"topic write {PREFIX}/+/down/+",
            f"topic read {PREFIX}/+/up/+",
        ]
    return "\n".join(lines) + "\n"
