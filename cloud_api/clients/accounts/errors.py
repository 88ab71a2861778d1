"""What can be wrong with a sign-in?

CodeWrong          401  ask for another code; the same for a wrong, old, used or never sent one
SignInWrong        401  the same for unknown people and wrong passwords
FacebookTaken      409  that Facebook account is another client's
"""

from cloud_api.kit.errors import Conflict, Unauthenticated


class CodeWrong(Unauthenticated):
    """It proves nothing."""

    code = "code_wrong"
    title = "This code is wrong or does not work any more"


class SignInWrong(Unauthenticated):
    """Unknown contact, no password, or another one: nobody is told which."""

    code = "sign_in_wrong"
    title = "The contact or the password is wrong"


class FacebookTaken(Conflict):
    """Somebody else has it."""

    code = "facebook_taken"
    title = "This Facebook account belongs to another client"
