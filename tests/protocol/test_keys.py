"""Only the root says which keys may sign what."""

from datetime import UTC, datetime

import pytest

from protocol.envelope import EnvelopeError, Flaw, Kind, seal
from protocol.keys import ROOT_KID, CloudKey, KeyDocument, KeyUse, open_key_document
from protocol.signing import Signer

ROOT = Signer.from_seed(ROOT_KID, bytes(32))
CLOUD = Signer.from_seed("cloud-1", bytes(range(32)))
DOCUMENT = KeyDocument(
    version=3,
    issued_at=datetime(2026, 1, 1, tzinfo=UTC),
    keys=(
        CloudKey(
            kid="cloud-1",
            public_key=CLOUD.public_hex,
            uses=frozenset({KeyUse.SNAPSHOT}),
            epochs=frozenset({2}),
        ),
        CloudKey(kid="box-1", public_key="ab" * 32, uses=frozenset({KeyUse.SEALING})),
    ),
)


def test_the_pinned_root_opens_it() -> None:
    frame = seal(Kind.KEY_DOCUMENT, DOCUMENT.to_bytes(), ROOT)
    assert open_key_document(frame, ROOT.public_hex) == DOCUMENT


def test_a_listed_key_cannot_name_itself_or_others() -> None:
    usurper = Signer.from_seed(ROOT_KID, bytes(range(32)))
    for signer in (CLOUD, usurper):
        with pytest.raises(EnvelopeError):
            open_key_document(seal(Kind.KEY_DOCUMENT, DOCUMENT.to_bytes(), signer), ROOT.public_hex)


def test_a_key_signs_only_for_its_uses_and_epochs() -> None:
    assert DOCUMENT.key_for("cloud-1", KeyUse.SNAPSHOT) == CLOUD.public_hex
    assert DOCUMENT.key_for("cloud-1", KeyUse.LIVE) is None
    assert DOCUMENT.key_for("cloud-2", KeyUse.SNAPSHOT) is None
    assert DOCUMENT.allows_epoch("cloud-1", 2)
    assert not DOCUMENT.allows_epoch("cloud-1", 1)
    assert not DOCUMENT.allows_epoch("box-1", 2)
    assert DOCUMENT.sealing_key() == "ab" * 32


def test_a_document_that_insists_on_something_unknown_is_refused() -> None:
    insisting = DOCUMENT.model_copy(update={"must_understand": ("threshold",)})
    with pytest.raises(EnvelopeError) as caught:
        open_key_document(seal(Kind.KEY_DOCUMENT, insisting.to_bytes(), ROOT), ROOT.public_hex)
    assert caught.value.flaw is Flaw.NOT_UNDERSTOOD


def test_without_a_sealing_key_there_is_none() -> None:
    assert DOCUMENT.model_copy(update={"keys": ()}).sealing_key() is None
