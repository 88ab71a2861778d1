"""Is the cloud's compose file sound, and does its set-up make everything it names?"""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from dockerfile_parse import DockerfileParser
from ruamel.yaml import YAML

from cloud_api.settings import CloudSettings
from edge_agent.settings import AgentSettings, LockdSettings
from tests.builders import JsonDict

COMPOSE = Path("docker-compose.yml")
_OURS = re.compile(r"^(PORTERO_\w+)", re.MULTILINE)


@pytest.fixture(scope="module")
def compose() -> JsonDict:
    read: JsonDict = YAML(typ="safe", pure=True).load(COMPOSE)
    return read


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder, as the set-up makes it."""
    folder = tmp_path_factory.mktemp("cloud") / "secrets"
    done = _set_up(folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_it_follows_the_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(  # noqa: S603 - the validator
        [*command, str(COMPOSE)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_file_and_volume_it_names_is_there(compose: JsonDict, secrets: Path) -> None:
    named = [source for service in compose["services"].values() for source in _sources(service)] + [
        each["file"] for each in compose["secrets"].values()
    ]
    for source in named:
        if source.startswith("./secrets"):
            assert (secrets / Path(source).relative_to("secrets")).exists(), source
        elif source.startswith("./"):
            assert Path(source).exists(), source
        else:
            assert source in compose["volumes"], source


def test_the_images_copy_what_exists_and_run_as_nobody(compose: JsonDict) -> None:
    built = [each["build"] for each in compose["services"].values() if "build" in each]
    stages = set[str]()
    for build in built:
        steps = DockerfileParser(build["dockerfile"]).structure
        copied = [step["value"].split()[0] for step in steps if step["instruction"] == "COPY"]
        assert all(Path(source).exists() for source in copied)
        stages = {step["value"].split()[-1] for step in steps if step["instruction"] == "FROM"}
        assert build["target"] in stages
        users = [step["value"] for step in steps if step["instruction"] == "USER"]
        assert users[-1].split(":")[0] != "0"
    assert stages == {"cloud", "house"}


def test_every_variable_is_explained(compose: JsonDict, secrets: Path) -> None:
    page = Path("docs/deployment.md").read_text()
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    assert asked
    assert all(f"`{name}`" in page for name in asked)
    written = (secrets / "cloud.env").read_text() + (secrets / "migrate.env").read_text()
    used = set(_OURS.findall(written)) | {
        name
        for service in compose["services"].values()
        for name in service.get("environment", {})
        if name.startswith("PORTERO_")
    }
    assert used <= set(_OURS.findall(Path(".env.example").read_text()))


def test_ours_cannot_write_to_their_code_nor_gain_rights(compose: JsonDict) -> None:
    ours = {"refusals", "migrate", "api", "worker", "courier-1", "devices", "lockd", "agent"}
    for name in ours:
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    public = [port for each in compose["services"].values() for port in each.get("ports", [])]
    assert sorted(public) == [
        "127.0.0.1:8000:8000",
        "127.0.0.1:9090:9090",
        "8480:8480",
        "8883:8883",
    ]


def test_only_who_must_holds_the_keys(compose: JsonDict) -> None:
    def mounted(name: str) -> list[str]:
        return _sources(compose["services"][name])

    holders = {name for name in compose["services"] if "./secrets/ca" in mounted(name)}
    assert holders == {"api"}
    signers = {name for name in compose["services"] if "./secrets/keys" in mounted(name)}
    assert signers == {"api", "worker", "courier-1"}
    roots = {
        name
        for name in compose["services"]
        if {"./secrets", "./secrets/root", "./secrets/ca-root"} & set(mounted(name))
    }
    assert roots == {"setup"}
    assert compose["services"]["setup"]["network_mode"] == "none"


def test_the_set_up_writes_settings_that_are_taken_and_secrets_nobody_else_reads(
    secrets: Path,
) -> None:
    settings = CloudSettings.model_validate(_settings(secrets / "cloud.env"))
    assert settings.environment == "production"
    assert settings.metrics_host == "0.0.0.0"  # noqa: S104 - inside the compose network only
    for file in secrets.rglob("*"):
        if file.is_file():
            assert not file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), file
    kept = (secrets / "cloud.env").read_text()
    again = _set_up(secrets)
    assert again.returncode == 0
    assert "nothing is changed" in again.stdout
    assert (secrets / "cloud.env").read_text() == kept


def test_the_settings_of_the_house_are_known(compose: JsonDict) -> None:
    for name, kind in (("lockd", LockdSettings), ("agent", AgentSettings)):
        prefix = str(kind.model_config["env_prefix"])
        given = compose["services"][name]["environment"]
        fields = {each.removeprefix(prefix).lower() for each in given}
        assert fields <= set(kind.model_fields)


def test_migrating_gives_the_runtime_role_its_password(secrets: Path, owner_dsn: str) -> None:
    written = _settings(secrets / "cloud.env")
    environment = {
        "PATH": os.environ["PATH"],  # noqa: TID251 - a child's
        "PORTERO_DATABASE_DSN": written["database_dsn"],
        "PORTERO_SECRET_KEY": written["secret_key"],
        "PORTERO_DATABASE_OWNER_DSN": owner_dsn,
    }
    subprocess.run(
        [sys.executable, "-m", "portero", "migrate"], env=environment, check=True, timeout=60
    )
    with psycopg.connect(owner_dsn) as connection:
        query = "SELECT rolpassword FROM pg_authid WHERE rolname = 'portero_app'"
        row = connection.execute(query).fetchone()
        connection.execute("ALTER ROLE portero_app PASSWORD NULL")
    assert row is not None
    assert str(row[0]).startswith("SCRAM-SHA-256")


def _set_up(folder: Path) -> "subprocess.CompletedProcess[str]":
    own = Path(sys.executable).parent
    environment = {
        "PATH": f"{own}:{os.environ['PATH']}",  # noqa: TID251 - a child's
        "SECRETS": str(folder),
        "BROKER_FOLDER": str(folder / "broker"),
        "PORTERO_OWNER_EMAIL": "host@example.org",
    }
    return subprocess.run(
        ["/bin/sh", "deploy/cloud/setup.sh"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _settings(file: Path) -> dict[str, str]:
    lines = (line.split("=", 1) for line in file.read_text().splitlines())
    return {name.removeprefix("PORTERO_").lower(): value for name, value in lines}


def _sources(service: JsonDict) -> list[str]:
    files = service.get("env_file", [])
    return [each.split(":")[0] for each in service.get("volumes", [])] + list(files)


def test_who_keeps_files_and_who_carries_them_see_one_folder(compose: JsonDict) -> None:
    """The API takes and reads them, the worker brings them into the store."""
    for name in ("api", "worker"):
        assert "files:/var/lib/portero/files" in compose["services"][name]["volumes"], name
