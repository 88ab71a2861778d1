"""How are keys made and houses claimed from the command line?"""

from pathlib import Path

from edge_agent.clock import SystemClock
from edge_agent.settings import AgentSettings, LockdSettings
from portero.verbs import read
from portero.verbs.provision import LINE, write_environment
from provisioning import ceremony
from provisioning.claim import claim
from provisioning.errors import ProvisioningError


def create(*, root_folder: Path, cloud_folder: Path) -> str:
    """Root, cloud keys and key document 1. SystemExit when something is there already."""
    try:
        document = ceremony.hold(
            root_folder=root_folder, cloud_folder=cloud_folder, now=SystemClock().wall()
        )
    except ProvisioningError as error:
        raise SystemExit(str(error)) from None
    return f"key document {document.version} is signed; keep {root_folder} offline"


def sign(*, root_folder: Path, cloud_folder: Path, epochs: list[int]) -> str:
    """The next key document for these epochs. SystemExit when a key cannot be read."""
    try:
        document = ceremony.sign_document(
            root_folder, cloud_folder, epochs=epochs, now=SystemClock().wall()
        )
    except ProvisioningError as error:
        raise SystemExit(str(error)) from None
    return f"key document {document.version} is signed for epochs {sorted(set(epochs))}"


def claim_house(*, cloud_url: str, token: str, root: str | None) -> str:
    """Claim with lockd's and the agent's data folders. SystemExit with the reason when refused."""
    settings, agent_data = read.settings(LockdSettings), read.settings(AgentSettings).data
    try:
        done = claim(
            cloud_url,
            token,
            settings.data,
            line_folder=agent_data / LINE,
            software=settings.software,
            expected_root=root,
        )
    except ProvisioningError as error:
        raise SystemExit(str(error)) from None
    environment = write_environment(agent_data, done.broker_url)
    return (
        f"this is {done.name} ({done.house_id}) now; it believes root {done.root_public}\n"
        f"the agent's line to the broker is in {environment}"
    )
