"""Does a house hear how much is left of a wish's ten seconds?"""

import asyncio
from uuid import uuid4

from cloud_api.fleet import service
from cloud_api.fleet.commands import service as commands
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.ports import Desk
from cloud_api.kit.clock import SystemClock
from protocol.envelope import Kind, open_envelope, read_body
from protocol.keys import KeyUse, open_key_document
from protocol.live import NonceRequest
from tests.cloud_api.fleet.stage import Scene


async def test_the_nonce_is_asked_for_what_is_left(scene: Scene, keyring: Keyring) -> None:
    async with scene.database.transaction() as session:
        await service.door_command(
            session,
            house_id=scene.house.id,
            grant_id=uuid4(),
            lock_id=scene.place.lock,
            move="open",
            within_seconds=2.0,
        )
    await asyncio.sleep(0.1)  # the wish grows older before a courier takes it
    async with scene.database.transaction() as session:
        (letter,) = await commands.claim(session, Desk(keyring.live(), SystemClock()), most=5)
    document = open_key_document(keyring.document(), keyring.root_public())
    opened = open_envelope(
        letter.frame, Kind.NONCE_REQUEST, lambda kid: document.key_for(kid, KeyUse.LIVE)
    )
    assert 0 < read_body(opened, NonceRequest).seconds <= 1.9
