"""What went wrong in the house, grouped by what the caller should do.

EdgeError
├── TryLater            nothing happened; the same call may succeed in a while
│   ├── DeviceBusy        the one Bluetooth slot, or the server, is taken
│   └── DeviceUnreachable no answer before anything was asked of the device
├── OutcomeUnknown      it may have happened: look at state and log, never repeat blindly
├── AskHost             a person must act
│   ├── NotPermitted      key, token or remote unlocking refused
│   ├── CapacityReached   code table or quota is full
│   ├── Unsupported       the device cannot do this
│   └── Jammed            the bolt did not move
├── PickAnother         the value is refused, another may do (a PIN that exists, or is too simple)
├── NoSuchThing         the player, queue item, code or lock does not exist
├── CalledOff           whoever asked does not want it any more; nothing was asked of the device
└── StopGranting        our own storage cannot be trusted; restart and verify again
"""


class EdgeError(Exception):
    """Root of all declared errors in the house; `reason` is a stable machine word."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


class TryLater(EdgeError):  # noqa: N818 - named for the reaction
    """Nothing happened; the same call may succeed later."""


class DeviceBusy(TryLater):
    """Somebody else holds the device just now."""


class DeviceUnreachable(TryLater):
    """The device could not be reached before anything was asked of it."""


class OutcomeUnknown(EdgeError):  # noqa: N818 - named for the reaction
    """The command may have acted; state and log decide, never a repeat."""


class AskHost(EdgeError):  # noqa: N818 - named for the reaction
    """A person must act before this can succeed."""


class NotPermitted(AskHost):
    """The device refuses our key or token."""


class CapacityReached(AskHost):
    """A table or quota of the device is full."""


class Unsupported(AskHost):
    """The device cannot do this at all."""


class Jammed(AskHost):
    """The bolt did not move."""


class PickAnother(EdgeError):  # noqa: N818 - named for the reaction
    """The value was refused; another value may be accepted."""


class NoSuchThing(EdgeError):  # noqa: N818 - named for the reaction
    """What was named does not exist on the device."""


class CalledOff(EdgeError):  # noqa: N818 - named for the reaction
    """Whoever asked withdrew at the last moment; nothing was asked of the device."""


class StopGranting(EdgeError):  # noqa: N818 - named for the reaction
    """Our own storage cannot be trusted: stop, restart, verify again."""
