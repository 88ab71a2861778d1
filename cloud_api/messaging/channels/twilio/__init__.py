"""How does a short message leave by Twilio, and what do its callbacks tell?

Once for each letter: Twilio has no idempotency key. Ours goes along in the query of the status
callback, so every callback names it (inside the signed address). Whether a letter went out though
no answer came can also be asked: messages are listed by number. Neither the callback's address nor
any mark of ours is in that list, so a letter is known there by its number, its exact words and that
it is not older than `written_at` (a day by Twilio's own clock, where that is not told). The same
words to the same number, written and sent in the meantime, are therefore taken for said.

Credentials: `account_sid`, `auth_token`, and one of `from` (a number or a registered name) and
`messaging_service_sid`; `shared_key_secret` where a webhook rule signs with SHA-256.
Attachments are not carried.
"""

from cloud_api.messaging.channels.twilio.adapter import Twilio

__all__ = ["Twilio"]
