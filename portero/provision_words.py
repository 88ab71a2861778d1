"""Which verbs does `portero provision` know, and what may be said to each?"""

# ruff: noqa: PLC0415 - as in `portero.cli`: a verb imports what it needs when it is typed

from pathlib import Path
from typing import Annotated

import typer

provision = typer.Typer(help="Set up the authority, the broker, and houses.", no_args_is_help=True)

CloudUrl = Annotated[str, typer.Option(prompt=True, help="Where the cloud answers.")]
Email = Annotated[str, typer.Option(prompt=True, help="Of somebody of the host's staff.")]
Password = Annotated[
    str,
    typer.Option(prompt=True, hide_input=True, envvar="PORTERO_HOST_PASSWORD", help="Theirs."),
]
HouseName = Annotated[str, typer.Option(prompt=True, help="The house's name.")]
LockdData = Annotated[Path, typer.Option(help="lockd's data folder on this device.")]
AgentData = Annotated[Path, typer.Option(help="The agent's data folder on this device.")]
IssuerFolder = Annotated[Path, typer.Option(help="Of the intermediate authority.")]

_LOCKD, _AGENT = Path("/var/lib/portero/lockd"), Path("/var/lib/portero/agent")


@provision.command("authority")
def authority(
    root_folder: Annotated[Path, typer.Option(help="Of the root's key; keep it offline.")],
    issuer_folder: IssuerFolder,
    *,
    renew: Annotated[bool, typer.Option(help="A new intermediate under the same root.")] = False,
) -> None:
    """Hold the ceremony of the certificate authority: a root, and an intermediate under it."""
    from portero.verbs.provision import make_authority

    typer.echo(make_authority(root_folder, issuer_folder, renew=renew))


@provision.command("service")
def service(
    name: Annotated[str, typer.Argument(help="A courier's name, or the broker's.")],
    issuer_folder: IssuerFolder,
    folder: Annotated[Path, typer.Option(help="Where its key and certificate shall lie.")],
    host: Annotated[
        list[str] | None, typer.Option(help="Where others reach it: makes it a server.")
    ] = None,
) -> None:
    """Certify a courier or (with --host) the broker, for 397 days."""
    from portero.verbs.provision import certify_service

    typer.echo(certify_service(name, issuer_folder, folder, hosts=tuple(host or ())))


@provision.command("broker")
def broker(
    folder: Annotated[Path, typer.Option(help="Of the broker's key and certificate.")],
    issuer_folder: IssuerFolder,
    courier: Annotated[list[str], typer.Option(help="A courier's name; may be repeated.")],
    *,
    address: Annotated[str, typer.Option(help="Where it listens.")] = "0.0.0.0",  # noqa: S104 - a broker is there to be reached
    port: Annotated[int, typer.Option(help="On which port.")] = 8883,
    name: Annotated[str, typer.Option(help="As it was certified.")] = "broker",
    user: Annotated[str, typer.Option(help="Whom it becomes when started as root.")] = "mosquitto",
) -> None:
    """Write mosquitto.conf, its access list, and a first list of refused certificates."""
    from portero.verbs.provision import write_broker

    typer.echo(
        write_broker(
            folder,
            issuer_folder,
            couriers=tuple(courier),
            address=address,
            port=port,
            name=name,
            user=user,
        )
    )


@provision.command("refusals")
def refusals(
    cloud_url: CloudUrl,
    file: Annotated[Path, typer.Option(help="The broker's list of refused certificates.")],
    broker_pid: Annotated[
        int | None, typer.Option(help="Of the Mosquitto that shall read it anew.")
    ] = None,
) -> None:
    """Fetch the list of refused certificates for the broker; run it every minute there."""
    from portero.verbs.provision import fetch_refusals

    typer.echo(fetch_refusals(cloud_url, file, broker_pid=broker_pid))


@provision.command("house")
def house(
    cloud_url: CloudUrl,
    email: Email,
    password: Password,
    house: HouseName,
    zone: Annotated[str, typer.Option(prompt=True, help="Its time zone, as Europe/Madrid.")],
    *,
    owned_by: Annotated[
        str, typer.Option("--property", help="Its property, made if missing.")
    ] = "My houses",
    region: Annotated[str, typer.Option(help="The property's country, two letters.")] = "ES",
    lock: Annotated[
        list[str] | None,
        typer.Option(help="'Name=file of its TTLock eKey (JSON)'; may be repeated."),
    ] = None,
    player: Annotated[
        list[str] | None, typer.Option(help="'Name=speaker at Music Assistant'; repeatable.")
    ] = None,
    music_url: Annotated[str, typer.Option(help="Music Assistant's address.")] = "",
    music_token_file: Annotated[Path | None, typer.Option(help="Of its token.")] = None,
    root: Annotated[str | None, typer.Option(help="The root's public key, if known.")] = None,
    lockd_data: LockdData = _LOCKD,
    agent_data: AgentData = _AGENT,
    replace: Annotated[
        bool, typer.Option(help="This device takes the place of another, whose identity dies.")
    ] = False,
) -> None:
    """Set up a house on this device, from nothing; run it again to do what is left."""
    from portero.verbs.provision import Asked, set_up_house

    asked = Asked(
        cloud_url=cloud_url,
        email=email,
        password=password,
        house=house,
        zone=zone,
        property=owned_by,
        region=region,
        locks=tuple(lock or ()),
        players=tuple(player or ()),
        music_url=music_url,
        music_token_file=music_token_file,
        root=root,
        lockd_data=lockd_data,
        agent_data=agent_data,
        replace=replace,
    )
    raise typer.Exit(set_up_house(asked))


@provision.command("replace")
def replace(cloud_url: CloudUrl, email: Email, password: Password, house: HouseName) -> None:
    """From afar: the house's device is refused from now on; print a claim for the next one."""
    from portero.verbs.provision import replace_device

    typer.echo(replace_device(cloud_url, email, password, house))


@provision.command("delivery")
def delivery(
    cloud_url: CloudUrl,
    email: Email,
    password: Password,
    house: HouseName,
    wait_seconds: Annotated[int, typer.Option(help="How long to wait for it.")] = 0,
) -> None:
    """Does the house hold what it should, by its own signature? Ends with 1 when not."""
    from portero.verbs.provision import show_delivery

    said, delivered = show_delivery(cloud_url, email, password, house, wait_seconds=wait_seconds)
    typer.echo(said)
    raise typer.Exit(0 if delivered else 1)


@provision.command("renew")
def renew(
    cloud_url: CloudUrl,
    agent_data: AgentData = _AGENT,
    *,
    now: Annotated[bool, typer.Option(help="Whether it is due or not.")] = False,
    keep: Annotated[bool, typer.Option(help="Stay, and look every hour.")] = False,
) -> None:
    """Renew this device's certificate when it is due."""
    from portero.verbs.provision import renew as run

    run(cloud_url, agent_data, at_once=now, keep=keep, tell=typer.echo)


@provision.command("wipe")
def wipe(
    lockd_data: LockdData = _LOCKD,
    agent_data: AgentData = _AGENT,
    *,
    yes: Annotated[bool, typer.Option(prompt="Forget this device's identity?")],
) -> None:
    """Forget which house this device was; the locks' keys stay."""
    from portero.verbs.provision import wipe as run

    typer.echo(run(lockd_data, agent_data) if yes else "nothing was changed")


@provision.command("find")
def find(
    seconds: Annotated[float, typer.Option(help="How long to listen.")] = 3.0,
    pins: Annotated[Path, typer.Option(help="Whom we have paired with.")] = Path(
        ".portero/pins.json"
    ),
    trust: Annotated[
        str | None, typer.Option(help="Pin this one, by the id that was shown.")
    ] = None,
) -> None:
    """Look for devices to set up, Home Assistant and Music Assistant in this network."""
    from portero.verbs.provision import find as run

    for line in run(seconds, pins, trust=trust):
        typer.echo(line)


@provision.command("announce")
def announce(
    lockd_data: LockdData = _LOCKD,
    seconds: Annotated[float, typer.Option(help="How long.")] = 600.0,
) -> None:
    """Let `find` in this network see that this device waits to be set up."""
    from portero.verbs.provision import announce as run

    typer.echo(run(lockd_data, seconds))
