"""Who stays in the house the browser looks at? Ada and Eva with PINs, Luis in Spanish."""

from datetime import timedelta
from uuid import UUID

from edge_agent.store.identity import Identity
from protocol.access import PinWish, PrivateWords, Window, pin_context, private_context
from protocol.ids import CredentialId, GrantId, StayId
from protocol.sealing import seal_for
from tests.edge_agent.lockd_kit import seed, snapshot_frame
from tests.edge_agent.policy_kit import BOOKER, FRONT, HOUSE, a_grant, a_snapshot, named
from tests.faults.lockd_bench import CLOCK, SECRET

ADA, EVA, LUIS = BOOKER, GrantId(named("eva")), GrantId(named("luis"))
ADAS_LINK, EVAS_LINK, LUIS_LINK = SECRET, "e7" * 32, "7a" * 32
ADAS_PIN, EVAS_PIN = "402817", "739164"


def the_book(me: Identity, version: int, *, revoked: tuple[UUID, ...] = ()) -> bytes:
    """All three from an hour ago for two days, less those revoked."""
    hour = CLOCK.utc_now().replace(minute=0, second=0, microsecond=0)
    window = Window(starts=hour - timedelta(hours=1), ends=hour + timedelta(days=2))
    guests = (
        a_grant(
            ADA,
            window=window,
            secret=ADAS_LINK,
            pins=(_pin(me, ADA, ADAS_PIN, window),),
            private=_words(me, ADA, "Ada", "en"),
        ),
        a_grant(
            EVA,
            window=window,
            secret=EVAS_LINK,
            stay=StayId(named("eva's stay")),
            pins=(_pin(me, EVA, EVAS_PIN, window),),
            private=_words(me, EVA, "Eva", "en"),
        ),
        a_grant(
            LUIS,
            window=window,
            secret=LUIS_LINK,
            stay=StayId(named("luis's stay")),
            private=_words(me, LUIS, "Luis", "es"),
        ),
    )
    book = a_snapshot(
        *(each for each in guests if each.id not in revoked),
        version=version,
        revoked=revoked,
        issued_at=hour - timedelta(minutes=1),
        lease_until=hour + timedelta(hours=72),
        zone="UTC",
    )
    return snapshot_frame(book)


def _pin(me: Identity, grant: GrantId, digits: str, window: Window) -> PinWish:
    box = seal_for(
        me.sealing.public_hex,
        digits.encode(),
        context=pin_context(HOUSE, grant, FRONT),
        ephemeral_seed=seed(digits),
    )
    credential = CredentialId(named(f"pin of {grant}"))
    return PinWish(credential=credential, lock=FRONT, window=window, box=box)


def _words(me: Identity, grant: GrantId, name: str, language: str) -> str:
    return seal_for(
        me.sealing.public_hex,
        PrivateWords(name=name, language=language).to_bytes(),
        context=private_context(HOUSE, grant),
        ephemeral_seed=seed(name),
    )
