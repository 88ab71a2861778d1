"""What can go wrong while something is set up, and what should a person do?

    ProvisioningError
      WouldOverwrite   a key is there already: choose another folder, keys are never replaced
      Unreadable       a file is not what it should be: restore it from its copy
      ClaimRefused     the cloud said no: ask the owner for a new claim token
      RenewalRefused   the certificate is renewed no more: claim the house anew
      LoginRefused     e-mail or password is wrong, or the role may not do this
      CloudUnreachable try again later; nothing was used up

Each class says in its message what was tried, never a secret.
"""


class ProvisioningError(Exception):
    """Something could not be set up."""


class WouldOverwriteError(ProvisioningError):
    """A key is there already and keys are never replaced."""


class UnreadableError(ProvisioningError):
    """A file is not what it should be."""


class ClaimRefusedError(ProvisioningError):
    """The cloud refused the claim; ask for a new token."""


class RenewalRefusedError(ProvisioningError):
    """The device's certificate is renewed no more; the house must be claimed anew."""


class LoginRefusedError(ProvisioningError):
    """The cloud does not let this person do this."""


class CloudUnreachableError(ProvisioningError):
    """The cloud did not answer; the same call may be made again."""
