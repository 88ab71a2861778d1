"""What does fleet refuse, and what should the caller do?

    HouseUnknown       404  no such house for this caller
    GrantWithdrawn     409  a withdrawn grant never comes back; make a new one
    GrantTooLarge      409  fewer doors, players or PINs in one grant
    HouseFull          409  end other grants of the house first, or sell it as several houses
    HouseNotEnrolled   409  claim the house first
    HouseFrozen        409  a person must begin a new epoch first
    EpochNotListed     409  the root must sign a key document that lists the epoch
    NotFrozen          409  nothing to thaw
    SnapshotTooLarge   409  a person must reduce what the house holds
    ClaimRefused       403  the claim is not known, or not proved
    ClaimExpired       403  ask for a new claim
    ClaimUsed          409  another device used it: find out which, then ask for a new claim
    RequestRefused     422  the certificate request is not what a house may ask; `flaw` says why
    CertificateRefused 403  no renewal: claim the house anew; `reason` says why
    KeysNotInstalled   503  an operator must install the key document
    AuthorityUnavailable 503  an operator must install the certificate authority

Each is a problem of `cloud_api.kit.errors`; the middle column is its HTTP status.
"""

from cloud_api.kit.errors import Conflict, Forbidden, InvalidRequest, NotFound, Unavailable


class HouseUnknownError(NotFound):
    """No such house here."""

    code = "house_not_found"
    title = "There is no such house here"


class CommandUnknownError(NotFound):
    """No such command here."""

    code = "command_not_found"
    title = "There is no such command here"


class GrantWithdrawnError(Conflict):
    """A withdrawn grant never comes back."""

    code = "grant_withdrawn"
    title = "This grant was withdrawn; a withdrawn grant never comes back"


class GrantTooLargeError(Conflict):
    """More than one grant can say on the wire; taken in, it would stop the house's whole book."""

    code = "grant_too_large"
    title = "One grant cannot name so many doors, players or PINs"

    def __init__(self, *, rights: int, pins: int) -> None:
        super().__init__(extra={"rights": rights, "pins": pins})


class HouseFullError(Conflict):
    """More at one time than one signed book can carry; taken in, nothing would be delivered."""

    code = "house_full"
    title = "The house cannot carry so many grants at one time; end others first"

    def __init__(self, *, bytes_wanted: int, most_bytes: int) -> None:
        super().__init__(extra={"bytes": bytes_wanted, "most_bytes": most_bytes})


class HouseNotEnrolledError(Conflict):
    """No device has claimed the house yet."""

    code = "house_not_enrolled"
    title = "No device has claimed this house yet"


class HouseFrozenError(Conflict):
    """Publishing to the house is stopped."""

    code = "house_frozen"
    title = "The house is ahead of the cloud; begin a new epoch first"


class NotFrozenError(Conflict):
    """The house is not frozen."""

    code = "house_not_frozen"
    title = "The house is not frozen"


class EpochNotListedError(Conflict):
    """The installed key document does not allow this epoch."""

    code = "epoch_not_listed"
    title = "The root's key document does not list this epoch yet"


class SnapshotTooLargeError(Conflict):
    """More than fits into one snapshot."""

    code = "snapshot_too_large"
    title = "The house holds more grants than one snapshot can carry"

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"{size_bytes} bytes")
        self.size_bytes = size_bytes


class ClaimRefusedError(Forbidden):
    """The claim is unknown or not proved; which of them stays ours."""

    code = "claim_refused"
    title = "This claim is not valid"


class ClaimExpiredError(Forbidden):
    """The token was good once; said only to who holds it."""

    code = "claim_expired"
    title = "This claim has expired; ask for a new one"


class ClaimUsedError(Conflict):
    """Another device came first; said only to who holds the token."""

    code = "claim_used"
    title = "Another device has used this claim; find it before you ask for a new one"

    def __init__(self, *, used_at: str) -> None:
        super().__init__(extra={"used_at": used_at})


class CertificateRequestRefusedError(InvalidRequest):
    """What a device asked to be certified is not what a house may ask."""

    code = "certificate_request_refused"
    title = "This certificate request is refused"

    def __init__(self, flaw: str) -> None:
        super().__init__(extra={"flaw": flaw})
        self.flaw = flaw


class CertificateRefusedError(Forbidden):
    """The device has no certificate that may be renewed."""

    code = "certificate_refused"
    title = "This device's certificate is not renewed; claim the house anew"

    def __init__(self, reason: str) -> None:
        super().__init__(extra={"reason": reason})
        self.reason = reason


class AuthorityUnavailableError(Unavailable):
    """There is no certificate authority here, or it does not answer."""

    code = "authority_unavailable"
    title = "Certificates cannot be issued just now"


class KeysNotInstalledError(Unavailable):
    """The keys of the cloud are not in place."""

    code = "keys_not_installed"
    title = "The cloud's keys are not in place yet"
