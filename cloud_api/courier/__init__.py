"""The only process of the cloud that speaks MQTT; any number may run, each under its own name."""

from cloud_api.courier.process import run

__all__ = ["run"]
