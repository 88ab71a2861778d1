"""How are a house's files written from the command line?"""

from pathlib import Path

from pydantic import ValidationError

from firmware_config import balena, bluetooth, chrony, esphome
from firmware_config.house import House
from portero.verbs import read
from provisioning import release
from provisioning.errors import ProvisioningError

_SOURCE = Path(__file__).parents[2]


def write(file: Path, out: Path) -> str:
    """Every file for every device of the house. SystemExit with what is wrong."""
    house = _house(file)
    written = {
        f"chrony/{chrony.CONF}": chrony.conf(house.clock),
        f"bluetooth/{bluetooth.BLUEZ}": bluetooth.bluez(house.name),
        f"udev/{bluetooth.UDEV}": bluetooth.udev(),
        **{f"esphome/{name}": text for name, text in esphome.files(house).items()},
        **{f"balena/{name}": text for name, text in balena.files(house).items()},
    }
    if out.exists():
        raise SystemExit(f"{out} is there already")
    release.write(out, written)
    return "\n".join(f"wrote {out / name}" for name in sorted(written))


def assemble(file: Path, out: Path) -> str:
    """The folder that `balena push` wants. SystemExit with what is wrong."""
    house = _house(file)
    try:
        release.assemble(_SOURCE, out, balena.files(house))
    except ProvisioningError as error:
        raise SystemExit(str(error)) from None
    return f"{out} is the release of {house.name}; now: balena push <fleet> --source {out}"


def _house(file: Path) -> House:
    try:
        return House.model_validate_json(file.read_bytes())
    except OSError as error:
        raise SystemExit(f"{file}: {error.strerror}") from None
    except ValidationError as error:
        told = "\n".join(f"{where or file}: {what}" for where, what in read.flaws(error))
        raise SystemExit(told) from None
