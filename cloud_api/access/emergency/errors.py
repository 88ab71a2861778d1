"""What does the emergency way refuse?

EmergencyNotConfirmedError    422  the words were not typed
NotAnEmergencyError           409  the house is reached, or the arrival is far, or the PIN is in
NoVendorAccountError          409  no account, or this door's lock is not named at the vendor
PeriodTakenError              409  another guest has the code of these hours
VendorRefusedError            502  the vendor said no; `reason` is a stable word
VendorNotReachedError         503  the vendor did not answer; nothing was made that counts
"""

from cloud_api.kit.errors import Conflict, InvalidRequest, Problem, Unavailable


class EmergencyNotConfirmedError(InvalidRequest):
    """The words were not typed."""

    code = "emergency_not_confirmed"
    title = "Type the words of confirmation: an offline code cannot be taken back"


class NotAnEmergencyError(Conflict):
    """The ordinary way still works, or there is time; `reason` says which."""

    code = "not_an_emergency"
    title = "An offline code is only for a guest about to arrive at a house out of reach"


class NoVendorAccountError(Conflict):
    """No account is stored, or the lock is not named at the vendor."""

    code = "no_vendor_account"
    title = "Store the lock vendor's account and the lock's number there first"


class PeriodTakenError(Conflict):
    """The same hours give the same code, and somebody else has it."""

    code = "offline_code_taken"
    title = "Another guest has, or had, the offline code of exactly these hours"


class VendorRefusedError(Problem):
    """The vendor said no."""

    status = 502
    code = "lock_vendor_refused"
    title = "The lock's vendor refused"


class VendorNotReachedError(Unavailable):
    """No readable answer in time; asking again is safe."""

    code = "lock_vendor_not_reached"
    title = "The lock's vendor did not answer; asking again is safe"
