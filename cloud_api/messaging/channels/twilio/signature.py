"""Did Twilio make this call?

https://www.twilio.com/docs/usage/webhooks/webhooks-security: base64(HMAC(secret, address + each
name and value of the form, sorted)), SHA-1 under the auth token; or, where the settings header
names an algorithm, that one under the shared key. JSON is bound by its SHA-256 in the address.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from urllib.parse import parse_qs, parse_qsl, urlsplit

from cloud_api.messaging.channels.post import header, same_secret
from cloud_api.messaging.errors import ForgedCallError
from cloud_api.messaging.types import Call

_ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_PORTS = {"https": 443, "http": 80}
_MOST_FIELDS = 500

type Form = tuple[tuple[str, str], ...]


def proven_form(call: Call, *, auth_token: str, shared_key_secret: str) -> dict[str, str]:
    """The fields of a genuine call; ForgedCallError otherwise. `shared_key_secret` may be empty."""
    settings = header(call.headers, "x-twilio-webhooks-signature-settings")
    secret = shared_key_secret if settings else auth_token
    algorithm = _ALGORITHMS.get(_algorithm_of(settings))
    if not secret or algorithm is None:
        raise ForgedCallError("no key for this signature")
    form = _form_of(call)
    given = header(call.headers, "x-twilio-signature")
    expected = [_sign(each, form, secret, algorithm) for each in _addresses(call.url)]
    if not any(same_secret(given, each) for each in expected):
        raise ForgedCallError("the signature does not fit")
    return dict(form)


def _algorithm_of(settings: str) -> str:
    parts = (part.partition("=") for part in settings.split(","))
    named = {name.strip(): value.strip() for name, _, value in parts}
    return named.get("algorithm") or "HMAC_SHA1"


def _form_of(call: Call) -> Form:
    if header(call.headers, "content-type").startswith("application/json"):
        _check_json(call)
        return ()
    try:
        pairs = parse_qsl(
            call.body.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise ForgedCallError("not a form") from None
    return tuple(pairs)


def _check_json(call: Call) -> None:
    [told] = parse_qs(urlsplit(call.url).query).get("bodySHA256", [""])[:1]
    if not same_secret(told, sha256(call.body).hexdigest()):
        raise ForgedCallError("the body does not fit")


def _addresses(url: str) -> Iterator[str]:
    """With and without port: Twilio signs sometimes the one, sometimes the other."""
    yield url
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if parts.port is None:
        yield parts._replace(netloc=f"{host}:{_PORTS.get(parts.scheme, 443)}").geturl()
    else:
        yield parts._replace(netloc=host.rpartition(":")[0]).geturl()


def _sign(url: str, form: Form, secret: str, algorithm: str) -> str:
    values: Mapping[str, set[str]] = {name: set() for name, _ in form}
    for name, value in form:
        values[name].add(value)
    told = "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    return b64encode(hmac.digest(secret.encode(), (url + told).encode(), algorithm)).decode()
