"""Which of the readers that our files are for are on this machine?"""

import shutil
from pathlib import Path

# `make test` installs both where it may, and says what is left out where it may not.
ESPHOME = Path(".portero/esphome/bin/esphome")
collect_ignore = [] if ESPHOME.exists() else ["test_esphome_accepts.py"]
collect_ignore += (
    [] if shutil.which("chronyd", path="/usr/sbin:/usr/bin") else ["test_chrony_accepts.py"]
)
