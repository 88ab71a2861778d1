"""Where does the MQTT broker come from when nobody gave us one?

Mosquitto where it is installed, else rumqttd out of a wheel: both on loopback, both MQTT 5.
"""

import shutil
import subprocess
import time
from pathlib import Path
from typing import Literal, Protocol, Self

from portero.local.ports import LOOPBACK, is_free

BrokerKind = Literal["mosquitto", "embedded"]

# A house snapshot is at most 256 kB; everything larger is somebody else's traffic.
MAX_PAYLOAD_BYTES = 1024 * 1024

_MOSQUITTO_CONF = """\
per_listener_settings false
listener {port} {host}
allow_anonymous true
persistence false
set_tcp_nodelay true
max_packet_size {max_payload}
log_dest file {log}
"""

_RUMQTTD_TOML = """\
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 10485760
max_segment_count = 10
[v5.1]
name = "portero"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 10000
max_payload_size = {max_payload}
max_inflight_count = 500
dynamic_filters = true
"""


class _Handle(Protocol):
    def stop(self) -> None: ...


class LocalBroker:
    """A broker process on one loopback port; it keeps nothing between runs."""

    def __init__(self, folder: Path, *, port: int, kind: BrokerKind | None = None) -> None:
        self.folder = folder
        self.port = port
        self.kind: BrokerKind = kind or ("mosquitto" if mosquitto_path() else "embedded")
        self._handle: _Handle | None = None

    def start(self) -> None:
        """Start and wait until the port answers. Raises OSError when it is taken."""
        if not is_free(self.port):
            raise OSError(f"port {self.port} is taken")
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.kind == "mosquitto":
            self._handle = _Mosquitto(self.folder, self.port)
        else:
            self._handle = _Rumqttd(self.folder, self.port)

    def stop(self) -> None:
        """Stop it; twice does no harm."""
        if self._handle is not None:
            self._handle.stop()
            self._handle = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def mosquitto_path() -> str | None:
    """The installed Mosquitto, also where Debian puts daemons."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class _Mosquitto:
    def __init__(self, folder: Path, port: int) -> None:
        conf = folder / "mosquitto.conf"
        log = folder / "mosquitto.log"
        log.touch()
        log.chmod(0o666)  # started as root, the daemon drops to its own user
        folder.chmod(0o755)
        conf.write_text(
            _MOSQUITTO_CONF.format(port=port, host=LOOPBACK, max_payload=MAX_PAYLOAD_BYTES, log=log)
        )
        command = mosquitto_path()
        if command is None:
            raise FileNotFoundError("mosquitto is not installed")
        self._process = subprocess.Popen(  # noqa: S603 - our own arguments
            [command, "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _wait_until_listening(port, self._process)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)


class _Rumqttd:
    def __init__(self, folder: Path, port: int) -> None:
        from iotcore import Broker  # noqa: PLC0415 - an optional wheel

        conf = folder / "rumqttd.toml"
        conf.write_text(
            _RUMQTTD_TOML.format(port=port, host=LOOPBACK, max_payload=MAX_PAYLOAD_BYTES)
        )
        self._broker = Broker(config_path=str(conf))
        self._broker.start()

    def stop(self) -> None:
        self._broker.stop()


def _wait_until_listening(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(100):
        if process.poll() is not None:
            raise RuntimeError(f"the broker ended with code {process.returncode} while starting")
        if not is_free(port):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the broker did not listen on {port} within 5 s")
