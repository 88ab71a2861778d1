"""How does a message leave by the WhatsApp Cloud API, and what do its webhooks tell?

Once for each letter: Meta has no idempotency key and cannot be asked for a message. Ours goes
along as `biz_opaque_callback_data`, and every status echoes it: a webhook with our key is the proof
that a letter went out whose answer was lost. `look` can therefore only say that it does not know
(ChannelSilentError); the truth, if it went out, comes by `hear`.

`to` is a phone number in E.164 or a business-scoped user id (`PE.1502...`): since 2026 people may
write without showing their number. Outside the 24 hours after a guest's last word only approved
templates go out (`Mishap.TEMPLATE_NEEDED`); a letter with a `template` is always sent as one.

Credentials: `phone_number_id`, `access_token`, `app_secret`, `verify_token`; `graph_version` to
use another than ours. Attachments are not carried, and incoming media are told as `[image]`.
"""

from cloud_api.messaging.channels.whatsapp.adapter import WhatsApp

__all__ = ["WhatsApp"]
