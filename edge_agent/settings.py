"""What can be set from outside? One class a process, read by its composition root alone."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from protocol.home import HomeWord


class LockdSettings(BaseSettings):
    """`PORTERO_LOCKD_…` in the environment.

    `agent_uids`: who may speak on the socket, besides lockd's own user.
    `pin_preload_hours`: how long before a stay its PIN is written into its locks.
    `configuration_trial_seconds`: so long the cloud may stay unheard under settings from afar
    before the house goes back to those it had.
    `upkeep_seconds`: how often the floor of time is saved; a power cut loses at most this much.
    `audit_facts`, `free_bytes`: so many facts are kept at most, and so much of the disk stays free;
    beyond, acknowledged facts are forgotten, and when that does not help no door opens.
    `time_sync_file`: there while the system's time service is synchronised. Where the cloud's
    signed answers prove the time it is only compared; without those it counts once a lock's clock
    agrees. `tells_home`: what of a stay the agent may tell the house's own automations, by name.
    `time_sync_vouched`: the owner's word that its sources are authenticated (NTS, a
    receiver in the house): then it proves time as the cloud does.
    """

    model_config = SettingsConfigDict(
        env_prefix="PORTERO_LOCKD_", env_ignore_empty=True, extra="ignore"
    )

    data: Path = Path("/var/lib/portero/lockd")
    socket: Path = Path("/run/portero/lockd.sock")
    agent_uids: frozenset[int] = frozenset()
    production: bool = True
    bluetooth: Literal["radio", "simulated"] = "radio"
    simulated_air: Path | None = None
    time_sync_file: Path | None = None
    time_sync_vouched: bool = False
    update_lock: Path | None = None
    look_after_seconds: float = Field(default=300.0, gt=0)
    pin_preload_hours: float = Field(default=72.0, ge=0, le=24 * 60)
    upkeep_seconds: float = Field(default=30.0, gt=0, le=60)
    configuration_trial_seconds: float = Field(default=300.0, gt=0)
    audit_facts: int = Field(default=1_000_000, ge=1000)
    free_bytes: int = Field(default=8 * 1024 * 1024, ge=64 * 1024)
    tells_home: frozenset[HomeWord] = frozenset()
    software: str = "0.1.0"

    @property
    def allowed_uids(self) -> frozenset[int]:
        """Everybody who may speak on the socket."""
        return self.agent_uids | {os.getuid()}


class AgentSettings(BaseSettings):
    """`PORTERO_AGENT_…` in the environment: the process that carries messages, pages and music.

    `mqtt_authority`, `mqtt_certificate`, `mqtt_key`: PEM files, all three or none (plain TCP).
    `lan_names`: names the LAN page answers to besides bare addresses, against DNS rebinding; the
    first that ends in `.local` is the one advertised; the machine's own always counts.
    `lan_port_outside`: the port people use, where a container's is published under another.
    `lan_https_name`: a public name for HTTPS in the house, see docs/lan.md; empty: none.
    `lan_resolver`: the network's name server, as `192.168.1.1`; empty: what this machine uses.
    `advertise`: answer for the name by mDNS, where no avahi of the machine does.
    `music_url` empty: no music in this house.
    `music_players`: the speakers that are the house's, by the server's names; none named: all.
    `home_url`, `home_token`: the Home Assistant of the house's heating and lights; empty: none. A
    Home Assistant that lockd's locks use is refused: its token would open them. `home_mqtt_…`: the
    broker in the house where Home Assistant finds us as a device; no host: nowhere;
    `home_mqtt_withdraw` takes the device away there.
    """

    model_config = SettingsConfigDict(
        env_prefix="PORTERO_AGENT_", env_ignore_empty=True, extra="ignore"
    )

    data: Path = Path("/var/lib/portero/agent")
    lockd_socket: Path = Path("/run/portero/lockd.sock")
    mqtt_host: str = "127.0.0.1"
    mqtt_port: int = Field(default=1883, ge=1, le=65535)
    mqtt_authority: Path | None = None
    mqtt_certificate: Path | None = None
    mqtt_key: Path | None = None
    mqtt_username: str | None = None
    mqtt_password: SecretStr | None = None
    query_seconds: float = Field(default=60.0, gt=0)
    lan_host: str = "0.0.0.0"  # noqa: S104 - the one declared port of the house's own network
    lan_port: int = Field(default=8480, ge=0, le=65535)
    lan_port_outside: int | None = Field(default=None, ge=1, le=65535)
    lan_https_name: str = Field(default="", max_length=253)
    lan_https_port: int = Field(default=8443, ge=0, le=65535)
    lan_https_port_outside: int | None = Field(default=None, ge=1, le=65535)
    lan_resolver: str = ""
    lan_names: tuple[str, ...] = ("portero.local", "localhost")
    advertise: bool = False
    music_driver: Literal["music_assistant", "home_assistant"] = "music_assistant"
    music_url: str = ""
    music_token: SecretStr = SecretStr("")
    music_players: tuple[str, ...] = ()
    home_url: str = ""
    home_token: SecretStr = SecretStr("")
    home_mqtt_host: str = ""
    home_mqtt_port: int = Field(default=1883, ge=1, le=65535)
    home_mqtt_username: str | None = None
    home_mqtt_password: SecretStr | None = None
    home_mqtt_prefix: str = Field(default="homeassistant", pattern=r"^[A-Za-z0-9_-]+$")
    home_mqtt_withdraw: bool = False
    home_mqtt_seconds: float = Field(default=5.0, gt=0)
    music_look_seconds: float = Field(default=15.0, gt=0)
    music_peace_seconds: float = Field(default=5.0, gt=0, le=60)


class ServiceManager(BaseSettings):
    """What a service manager such as systemd puts into the environment of what it starts."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    notify_socket: str | None = None
    watchdog_usec: int | None = Field(default=None, gt=0)
