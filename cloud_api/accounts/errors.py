"""What can be wrong with an account?

WrongCredentials     401  log in with something else
EmailTaken           409  choose another address
RoleOutOfReach       403  ask an owner
LastOwner            409  make another owner first
"""

from cloud_api.kit.errors import Conflict, Forbidden, Unauthenticated


class WrongCredentials(Unauthenticated):
    """The same for an unknown address, a wrong password and a dismissed person."""

    code = "wrong_credentials"
    title = "The address or the password is wrong"


class EmailTaken(Conflict):
    """Somebody has this address."""

    code = "email_taken"
    title = "This mail address already has an account"


class RoleOutOfReach(Forbidden):
    """The caller's role may not manage that role."""

    code = "role_out_of_reach"
    title = "Your role may not manage this role"


class LastOwner(Conflict):
    """An organisation keeps at least one owner."""

    code = "last_owner"
    title = "This is the last owner; make another one first"
