"""Does every speaker driver keep what every speaker driver must keep?"""

import pytest

from tests.edge_agent.drivers.contract_speakers.speaker_benches import (
    BENCHES,
    WITH_QUEUE,
    WITHOUT_QUEUE,
)
from tests.edge_agent.drivers.contract_speakers.speaker_contract import (
    NoQueueContract,
    QueueContract,
    SpeakerContract,
)


@pytest.mark.parametrize("driver", BENCHES)
class TestEverySpeaker(SpeakerContract):
    """All of them."""


@pytest.mark.parametrize("driver", WITH_QUEUE)
class TestEveryQueue(QueueContract):
    """Drivers whose server tells its queue."""


@pytest.mark.parametrize("driver", WITHOUT_QUEUE)
class TestEveryQueuelessOne(NoQueueContract):
    """Drivers whose server does not."""


def test_no_driver_is_left_out() -> None:
    assert {*WITH_QUEUE, *WITHOUT_QUEUE} == set(BENCHES)
