"""Which verb did the person type? Each verb is one door; imports wait until it is used."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is typed, so that `--help` is instant
# and a Pi never loads the cloud

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from portero.provision_words import provision

app = typer.Typer(
    name="portero",
    help="The doorman for holiday houses.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
owner = typer.Typer(help="The people who run an organisation.", no_args_is_help=True)
app.add_typer(owner, name="owner")
jobs = typer.Typer(help="What the clock starts; run one now.", no_args_is_help=True)
app.add_typer(jobs, name="jobs")
keys = typer.Typer(help="The root and the cloud's signing keys.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(provision, name="provision")
messaging = typer.Typer(
    help="Words people are told things with, and channels.", no_args_is_help=True
)
app.add_typer(messaging, name="messaging")
templates = typer.Typer(help="An organisation's own words.", no_args_is_help=True)
messaging.add_typer(templates, name="templates")
dead_letters = typer.Typer(help="Work that was given up.", no_args_is_help=True)
app.add_typer(dead_letters, name="dead-letters")
prices = typer.Typer(help="What a property's prices follow.", no_args_is_help=True)
app.add_typer(prices, name="prices")

backup = typer.Typer(help="Keep a cloud or a house elsewhere, encrypted.", no_args_is_help=True)
app.add_typer(backup, name="backup")
restore = typer.Typer(help="Bring a cloud or a house back.", no_args_is_help=True)
app.add_typer(restore, name="restore")
firmware = typer.Typer(help="Write a house's devices' files.", no_args_is_help=True)
app.add_typer(firmware, name="firmware")

_Recipient = Annotated[
    list[str], typer.Option("--recipient", help="Who can open it (age1…); may be repeated.")
]
_BackupKey = Annotated[Path, typer.Option("--key", help="As `portero backup key` made it.")]


def main() -> None:
    """Entry point of the `portero` command."""
    app()


@app.command()
def cloud() -> None:
    """Serve the cloud's HTTP API."""
    _end_with_parent()
    from portero.verbs.cloud import serve

    serve()


@app.command()
def worker() -> None:
    """Run jobs and reactions."""
    _end_with_parent()
    from portero.verbs.worker import work

    _until_interrupted(work)


@app.command()
def courier() -> None:
    """Carry messages between the cloud and the houses over MQTT."""
    _end_with_parent()
    from portero.verbs.courier import carry

    _until_interrupted(carry)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema, as its owner."""
    from portero.verbs.migrate import migrate as run

    run()
    typer.echo("the schema is the newest")


@owner.command("create")
def owner_create(
    email: Annotated[str, typer.Option(prompt=True)],
    organisation: Annotated[str, typer.Option(prompt=True, help="The organisation's name.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
) -> None:
    """Create the first owner; running it again changes nothing."""
    from portero.verbs.owner import create_owner

    typer.echo(_run(create_owner(email=email, organisation=organisation, password=password)))


@jobs.command("list")
def jobs_list() -> None:
    """Name the jobs and how often each runs."""
    from portero.verbs.worker import list_jobs

    for line in list_jobs():
        typer.echo(line)


@jobs.command("run")
def jobs_run(name: Annotated[str, typer.Argument(help="As `jobs list` names it.")]) -> None:
    """Run one job now and say what it changed."""
    from portero.verbs.worker import run_job

    typer.echo(_run(run_job(name)))


@prices.command("show")
def prices_show(property_id: UUID) -> None:
    """Show a property's conventions: weekend, currencies, deposit, taxes and fees, hours."""
    from portero.verbs.prices import show_prices

    typer.echo(_run(show_prices(property_id)))


@prices.command("seed")
def prices_seed(property_id: UUID) -> None:
    """Begin with the offered terms of late check-out and early check-in, where none were told."""
    from portero.verbs.prices import seed_prices

    typer.echo(_run(seed_prices(property_id)))


@templates.command("seed")
def messaging_templates_seed(
    organisation: Annotated[
        str | None, typer.Option(help="Its id; the only one there is by default.")
    ] = None,
) -> None:
    """Give an organisation copies of all words to edit; its own stay as they are."""
    from portero.verbs.messaging import seed

    typer.echo(_run(seed(organisation)))


@messaging.command("test")
def messaging_test(
    channel: Annotated[str, typer.Argument(help="email, sms_twilio, whatsapp, telegram …")],
    to: Annotated[str, typer.Option(help="An address of this channel.")],
    organisation: Annotated[
        str | None, typer.Option(help="Its id; the only one there is by default.")
    ] = None,
) -> None:
    """Send a test message by one channel and say what became of it."""
    from portero.verbs.messaging import send_test

    typer.echo(_run(send_test(channel, to=to, organisation=organisation)))


@dead_letters.command("list")
def dead_letters_list() -> None:
    """Show what was given up, newest first."""
    from portero.verbs.worker import list_dead_letters

    for line in _run(list_dead_letters()):
        typer.echo(line)


@dead_letters.command("replay")
def dead_letters_replay(
    ids: Annotated[list[int] | None, typer.Argument(help="Which; none given: all.")] = None,
) -> None:
    """Have them tried again."""
    from portero.verbs.worker import replay_dead_letters

    typer.echo(_run(replay_dead_letters(ids)))


@dead_letters.command("discard")
def dead_letters_discard(letter_id: int) -> None:
    """Never try this one again."""
    from portero.verbs.worker import discard_dead_letter

    typer.echo(_run(discard_dead_letter(letter_id)))


@keys.command("create")
def keys_create(
    root_folder: Annotated[Path, typer.Option(help="Of the root key; keep it offline.")],
    cloud_folder: Annotated[Path, typer.Option(help="What the cloud's processes read.")],
) -> None:
    """Hold the key ceremony: make the root, the cloud's keys, and sign the first key document."""
    from portero.verbs.keys import create

    typer.echo(create(root_folder=root_folder, cloud_folder=cloud_folder))


@keys.command("sign")
def keys_sign(
    root_folder: Annotated[Path, typer.Option(help="Of the root key.")],
    cloud_folder: Annotated[Path, typer.Option(help="What the cloud's processes read.")],
    epoch: Annotated[list[int], typer.Option(help="Epochs the snapshot key may sign.")],
) -> None:
    """Sign a newer key document, as after a restored backup (a higher epoch)."""
    from portero.verbs.keys import sign

    typer.echo(sign(root_folder=root_folder, cloud_folder=cloud_folder, epochs=epoch))


@backup.command("key")
def backup_key(file: Annotated[Path, typer.Argument(help="Where the private half goes.")]) -> None:
    """Make a key pair for backups; keep the file away from what it protects."""
    from portero.verbs.house_backups import make_key

    typer.echo(make_key(file))


@backup.command("cloud")
def backup_cloud(file: Path, recipient: _Recipient) -> None:
    """Write the cloud's database to an encrypted file while it runs."""
    from portero.verbs.backups import back_up_cloud

    typer.echo(back_up_cloud(file, recipient))


@backup.command("house")
def backup_house(file: Path, recipient: _Recipient) -> None:
    """Write a house's lock keys and records to an encrypted file while it runs."""
    from portero.verbs.house_backups import back_up_house

    typer.echo(back_up_house(file, recipient))


@restore.command("cloud")
def restore_cloud(file: Path, key: _BackupKey) -> None:
    """Bring the cloud back into an empty database; houses wait until `restore go-on`."""
    from portero.verbs.backups import restore_cloud as run

    typer.echo(_run(run(file, key)))


@restore.command("go-on")
def restore_go_on() -> None:
    """Begin the next epoch for the houses that were heard; tell what the others wait for."""
    from portero.verbs.backups import go_on

    typer.echo(_run(go_on()))


@restore.command("house")
def restore_house(file: Path, key: _BackupKey) -> None:
    """Bring the keys of the locks back to a new card; then claim the house with it."""
    from portero.verbs.house_backups import restore_house as run

    typer.echo(run(file, key))


@app.command("verify-restore")
def verify_restore(
    file: Path,
    key: _BackupKey,
    scratch_dsn: Annotated[
        str | None,
        typer.Option(help="An empty database to try it in; none: a throw-away server."),
    ] = None,
) -> None:
    """Bring a backup back where it harms nobody and look at everything in it."""
    from portero.verbs.backups import verify

    typer.echo(verify(file, key, scratch_dsn))


@firmware.command("write")
def firmware_write(
    file: Annotated[Path, typer.Argument(help="The house, as JSON; see docs/firmware.md.")],
    out: Annotated[Path, typer.Option(help="A new folder.")],
) -> None:
    """Write the files of every device of a house: Pi, ESP32, time, Bluetooth."""
    from portero.verbs.firmware import write

    typer.echo(write(file, out))


@firmware.command("release")
def firmware_release(
    file: Annotated[Path, typer.Argument(help="The house, as JSON; see docs/firmware.md.")],
    out: Annotated[Path, typer.Option(help="A new folder.")],
) -> None:
    """Assemble what is pushed to the house's Pi with balena."""
    from portero.verbs.firmware import assemble

    typer.echo(assemble(file, out))


@app.command()
def claim(
    cloud_url: Annotated[str, typer.Option(help="Where the cloud answers.")],
    token: Annotated[str, typer.Option(prompt=True, hide_input=True, help="One-time token.")],
    root: Annotated[str | None, typer.Option(help="The root's public key, if known.")] = None,
) -> None:
    """Make this device the device of a house; its keys are made here and never leave."""
    from portero.verbs.keys import claim_house

    typer.echo(claim_house(cloud_url=cloud_url, token=token, root=root))


@app.command()
def lockd() -> None:
    """Run the process that decides and moves the bolts of one house."""
    _end_with_parent()
    _without_colours()
    from portero.verbs.lockd import keep_doors

    raise typer.Exit(keep_doors())


@app.command()
def agent() -> None:
    """Run the process that carries a house's messages, pages and music."""
    _end_with_parent()
    _without_colours()
    _without_service_records()
    from portero.verbs.agent import carry

    _run(carry())


@app.command()
def sign(
    *,
    out: Annotated[Path, typer.Option(help="The page as .svg, or its code alone as .png.")] = Path(
        "portero-sign.svg"
    ),
    house: Annotated[str, typer.Option(help="The house's name, printed on top.")] = "",
    address: Annotated[
        list[str] | None,
        typer.Option(help="As http://casa.local; up to two. None: as this machine's agent."),
    ] = None,
    language: Annotated[list[str] | None, typer.Option(help="en, es; none: both.")] = None,
    wifi: Annotated[
        str, typer.Option(help="Name of the guests' Wi-Fi; its password is asked for.")
    ] = "",
) -> None:
    """Draw the page for the house's wall; its code leads to the house's page, nobody's secret."""
    from guest_ui.sign import Wifi
    from portero.verbs.sign import draw

    asked = wifi and typer.prompt("password of the Wi-Fi", default="", hide_input=True)
    network = Wifi(wifi, asked) if wifi else None
    typer.echo(
        draw(out, house=house, addresses=address or [], languages=language or [], wifi=network)
    )


@app.command()
def health(
    process: Annotated[str, typer.Argument(help="lockd or agent, on this machine.")],
) -> None:
    """Tell whether a process of this house is well; the exit code is 1 when it is not."""
    from portero.verbs import health as checks

    known = {"lockd": checks.lockd, "agent": checks.agent}
    if process not in known:
        raise typer.BadParameter("lockd or agent")
    well, told = known[process]()
    typer.echo(told)
    raise typer.Exit(0 if well else 1)


@app.command()
def diagnose(
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("portero-diagnosis.zip"),
) -> None:
    """Write what somebody needs to help this house from afar; it holds no secret and no person."""
    from portero.verbs.diagnose import diagnose as write

    typer.echo(write(out))


@app.command()
def house(
    *,
    folder: Annotated[Path, typer.Option(help="Where its locks keep their memory.")] = Path(
        ".portero/house"
    ),
    lock: Annotated[list[str] | None, typer.Option(help="A lock's name; may be repeated.")] = None,
    zone: Annotated[str, typer.Option(help="Time zone of new locks' clocks.")] = "UTC",
    music_port: Annotated[int, typer.Option(help="Port of its Music Assistant.")] = 8095,
) -> None:
    """Run a simulated house: locks on a simulated air, and a music server. Never in production."""
    _end_with_parent()
    from portero.verbs.simulated import simulate

    folder.mkdir(parents=True, exist_ok=True)
    names = tuple(lock or ["Front door"])
    _run(simulate(folder, lock_names=names, zone=zone, music_port=music_port))


@app.command()
def payer(
    *,
    folder: Annotated[Path, typer.Option(help="Where its credentials lie.")] = Path(
        ".portero/payer"
    ),
    port: Annotated[int, typer.Option(help="Port of its API and its page.")] = 8200,
) -> None:
    """Run a played Mercado Pago with a page to pay at. No money moves; never in production."""
    _end_with_parent()
    from portero.verbs.payer import pay_here

    _run(pay_here(folder, port=port))


@app.command()
def database(
    folder: Annotated[Path, typer.Option(help="Where it keeps its data.")],
) -> None:
    """Hold an embedded PostgreSQL until Ctrl-C, for trying things out; never in production."""
    _end_with_parent()
    from portero.verbs.database import hold

    hold(folder)


@app.command()
def demo(
    *,
    story: Annotated[bool, typer.Option(help="Tell the story, then end.")] = False,
    fresh: Annotated[bool, typer.Option(help="Forget what earlier demos left.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path(
        ".portero/demo"
    ),
) -> None:
    """Start everything on this machine: database, broker, cloud and one simulated house."""
    from portero.demo.stage import run

    raise typer.Exit(_run(run(folder=folder, story_only=story, fresh=fresh)))


@app.command()
def schemas(
    folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("protocol/schemas"),
) -> None:
    """Write the JSON Schemas and the AsyncAPI document of the wire from the code."""
    from protocol.schemas import documents

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text)
        typer.echo(f"wrote {folder / name}")


def _run[T](work: Coroutine[None, None, T]) -> T:
    return _until_interrupted(lambda: asyncio.run(work))


def _until_interrupted[T](work: Callable[[], T]) -> T:
    try:
        return work()
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _without_colours() -> None:
    """Structlog loads `rich` wherever it is, 5 MB, for pictures that a house never prints."""
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type] # the way to say: not installed


def _without_service_records() -> None:
    """Paho loads dnspython wherever it is, 6 MB, for a way to find brokers that no house uses.

    Who asks name servers for a house's public name finds it afterwards all the same.
    """
    if "paho" in sys.modules or "dns.resolver" in sys.modules:
        return
    sys.modules["dns.resolver"] = None  # type: ignore[assignment] # as above
    import paho.mqtt.client  # noqa: F401 - loaded here, while it finds none

    del sys.modules["dns.resolver"]


def _end_with_parent() -> None:
    if os.environ.get("PORTERO_END_WITH_PARENT"):  # noqa: TID251 - set by the demo for its children
        from portero.demo.processes import end_with_parent

        end_with_parent()
