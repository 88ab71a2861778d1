"""How does lockd start?"""

from edge_agent import lock_app
from edge_agent.settings import LockdSettings
from portero.verbs import read


def keep_doors() -> int:
    """Decide and move bolts until a signal ends it; the process's exit code."""
    settings = read.settings(LockdSettings)
    if not settings.data.is_dir():
        raise SystemExit(f"PORTERO_LOCKD_DATA: there is no {settings.data}; `portero claim` first")
    return lock_app.run(settings)
