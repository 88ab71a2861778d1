"""Which files make a Pi with balenaOS the house's agent?

docs.balena.io: docker-compose.yml fields (format 2.4, a subset), update locks, config.json. lockd
and the agent run from one image under different users, each in a container that cannot write to its
own code. Only `/run/portero` is shared, where lockd's socket lies; its group may speak on it.
"""

import json
from collections.abc import Mapping
from typing import Final

from firmware_config import bluetooth
from firmware_config.house import House
from firmware_config.yaml import Value, quoted, text

COMPOSE, OVERLAY, VARIABLES = "docker-compose.yml", "config.overlay.json", "host-variables.json"

LOCKD_USER: Final = 10001
AGENT_USER: Final = 10002
_LAN_INSIDE = 8480
_RUN = "run:/run/portero"
# The host's own address on balenaOS's bridge: what runs on the host's network is reached there.
_HOST = "172.17.0.1"
_OVERLAYS = {"ds3231": '"i2c-rtc","ds3231"', "pcf8523": '"i2c-rtc","pcf8523"'}


def files(house: House) -> dict[str, str]:
    """The release's compose file, what is added to config.json, and the host's variables."""
    return {
        COMPOSE: compose(house),
        OVERLAY: json.dumps(overlay(house), indent=2, sort_keys=True) + "\n",
        VARIABLES: json.dumps(_host_variables(house), indent=2, sort_keys=True) + "\n",
    }


def compose(house: House) -> str:
    """docker-compose.yml of the release."""
    services: dict[str, Value] = {"lockd": _lockd(), "agent": _agent(house)}
    volumes: dict[str, Value] = {"lockd": {}, "agent": {}, "run": {}}
    for name in sorted(house.services):
        services[name.replace("_", "-")] = _BESIDE[name](house)
        volumes[name.replace("_", "-")] = {}
    return text({"version": "2.4", "volumes": volumes, "services": services})


def overlay(house: House) -> dict[str, object]:
    """What is merged into the device's config.json before its first boot."""
    plain = [each.host for each in house.clock.servers]
    return {
        "hostname": house.name,
        "country": house.country,
        "ntpServers": " ".join(plain),
        "persistentLogging": True,
        "os": {"udevRules": {"80": bluetooth.udev()}},
    }


def _host_variables(house: House) -> dict[str, str]:
    rtc = _OVERLAYS.get(house.clock.rtc or "")
    return {} if rtc is None else {"BALENA_HOST_CONFIG_dtoverlay": rtc}


def _lockd() -> dict[str, Value]:
    return {
        **_ours("lockd", LOCKD_USER),
        "environment": {
            "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/host/run/dbus/system_bus_socket",
            "PORTERO_LOCKD_AGENT_UIDS": f"[{AGENT_USER}]",
            "PORTERO_LOCKD_UPDATE_LOCK": "/tmp/balena/updates.lock",  # noqa: S108 - balenaOS's own place
            "TMPDIR": "/run/tmp",
        },
        "labels": {"io.balena.features.dbus": "1"},
        "volumes": ["lockd:/var/lib/portero/lockd", _RUN],
        # An unlock that has begun is brought to its end, and put on record.
        "stop_grace_period": "20s",
    }


def _agent(house: House) -> dict[str, Value]:
    environment: dict[str, Value] = {
        "PORTERO_AGENT_MQTT_HOST": house.broker.host,
        "PORTERO_AGENT_MQTT_PORT": str(house.broker.port),
        "PORTERO_AGENT_LAN_PORT": str(_LAN_INSIDE),
        "PORTERO_AGENT_LAN_PORT_OUTSIDE": str(house.lan_port),
        "PORTERO_AGENT_LAN_NAMES": json.dumps([f"{house.name}.local"]),
        "TMPDIR": "/run/tmp",
    }
    if "music_assistant" in house.services:
        environment["PORTERO_AGENT_MUSIC_URL"] = f"http://{_HOST}:8095"
    return {
        **_ours("agent", AGENT_USER),
        "depends_on": ["lockd"],
        "environment": environment,
        "group_add": [str(LOCKD_USER)],
        "ports": [quoted(f"{house.lan_port}:{_LAN_INSIDE}")],
        "volumes": ["agent:/var/lib/portero/agent", _RUN],
    }


def _ours(verb: str, user: int) -> dict[str, Value]:
    return {
        "build": {"context": ".", "dockerfile": "Dockerfile"},
        "command": ["python", "-m", "portero", verb],
        "user": quoted(f"{user}:{user}"),
        "restart": "always",
        "read_only": True,
        "tmpfs": ["/run/tmp"],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "pids_limit": 100,
        "mem_limit": "256m",
        "healthcheck": {
            "test": ["CMD", "python", "-m", "portero", "health", verb],
            "interval": "60s",
            "timeout": "20s",
            "retries": 3,
            "start_period": "60s",
        },
    }


def _music_assistant(house: House) -> Mapping[str, Value]:
    return {
        "image": house.image("music_assistant"),
        "restart": "always",
        "network_mode": "host",
        "volumes": ["music-assistant:/data"],
    }


def _home_assistant(house: House) -> Mapping[str, Value]:
    return {
        "image": house.image("home_assistant"),
        "restart": "always",
        "network_mode": "host",
        "environment": {"TZ": house.zone},
        "labels": {"io.balena.features.dbus": "1"},
        "volumes": ["home-assistant:/config"],
    }


def _broker(house: House) -> Mapping[str, Value]:
    """For Home Assistant on this Pi only; the cloud's broker is another one."""
    return {
        "image": house.image("broker"),
        "restart": "always",
        "read_only": True,
        "command": ["mosquitto", "-c", "/mosquitto/data/mosquitto.conf"],
        "volumes": ["broker:/mosquitto/data"],
        "ports": [quoted("1883:1883")],
    }


_BESIDE: Final = {
    "music_assistant": _music_assistant,
    "home_assistant": _home_assistant,
    "broker": _broker,
}
