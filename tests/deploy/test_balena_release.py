"""Is the release for a Pi complete, closed, and only made of what balenaOS understands?"""

import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser
from ruamel.yaml import YAML

from tests.builders import JsonDict

HOUSE = Path("tests/firmware_config/devices/house.json")
# docs.balena.io, "docker-compose.yml fields": those of format 2.4 that the supervisor takes.
SUPPORTED = frozenset(
    [
        "build",
        "cap_add",
        "cap_drop",
        "cgroup_parent",
        "command",
        "cpu_quota",
        "cpu_shares",
        "cpuset",
        "depends_on",
        "devices",
        "dns",
        "dns_opt",
        "dns_search",
        "domainname",
        "entrypoint",
        "environment",
        "expose",
        "extra_hosts",
        "group_add",
        "healthcheck",
        "hostname",
        "image",
        "ipc",
        "labels",
        "mac_address",
        "mem_limit",
        "mem_reservation",
        "network_mode",
        "networks",
        "oom_kill_disable",
        "oom_score_adj",
        "pid",
        "pids_limit",
        "ports",
        "privileged",
        "read_only",
        "restart",
        "security_opt",
        "shm_size",
        "stop_grace_period",
        "stop_signal",
        "sysctls",
        "tmpfs",
        "ulimits",
        "user",
        "userns_mode",
        "volumes",
        "working_dir",
    ]
)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder, as the command makes it."""
    out = tmp_path_factory.mktemp("release") / "house"
    command = [sys.executable, "-m", "portero", "firmware", "release", str(HOUSE)]
    subprocess.run([*command, "--out", str(out)], check=True, timeout=60, capture_output=True)  # noqa: S603 - our own command
    return out


@pytest.fixture(scope="module")
def compose(release: Path) -> JsonDict:
    read: JsonDict = YAML(typ="safe", pure=True).load(release / "docker-compose.yml")
    return read


def test_the_compose_file_follows_the_schema(release: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(  # noqa: S603 - the validator
        [*command, str(release / "docker-compose.yml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_only_what_the_supervisor_takes_is_used(compose: JsonDict) -> None:
    assert compose["version"] == "2.4"
    for name, service in compose["services"].items():
        assert set(service) <= SUPPORTED, name
        assert isinstance(service.get("depends_on", []), list)
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in compose["volumes"], "bind mounts are not supported"


def test_our_two_processes_are_fenced_in(compose: JsonDict) -> None:
    lockd, agent = (compose["services"][name] for name in ("lockd", "agent"))
    for ours in (lockd, agent):
        assert ours["read_only"] is True
        assert ours["cap_drop"] == ["ALL"]
        assert ours["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in ours
        assert ours["healthcheck"]["test"][-2] == "health"
    assert lockd["user"] != agent["user"]
    assert "ports" not in lockd
    assert agent["ports"] == ["80:8480"]
    assert agent["group_add"] == [lockd["user"].split(":")[1]]
    assert lockd["environment"]["PORTERO_LOCKD_AGENT_UIDS"] == f"[{agent['user'].split(':')[0]}]"
    shared = set(lockd["volumes"]) & set(agent["volumes"])
    assert shared == {"run:/run/portero"}


def test_every_variable_is_a_documented_setting(compose: JsonDict) -> None:
    documented = set(re.findall(r"^(PORTERO_\w+)=", Path(".env.example").read_text(), re.MULTILINE))
    used = {
        name
        for service in compose["services"].values()
        for name in service.get("environment", {})
        if name.startswith("PORTERO_")
    }
    assert used
    assert used <= documented


def test_what_the_image_copies_is_there(release: Path, compose: JsonDict) -> None:
    for service in compose["services"].values():
        if "build" in service:
            dockerfile = release / service["build"]["context"] / service["build"]["dockerfile"]
            steps = DockerfileParser(str(dockerfile)).structure
            copied = [step["value"].split()[0] for step in steps if step["instruction"] == "COPY"]
            assert copied
            assert all((release / source).exists() for source in copied)
            users = [step["value"] for step in steps if step["instruction"] == "USER"]
            assert users, "the image must not run as root"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("lockd",), "portero claim"),
        (("agent", "--help"), "Usage"),
        (("claim", "--cloud-url", "http://127.0.0.1:1", "--token", "claim.x"), "token"),
        (("provision", "renew", "--help"), "renew"),
        (("health", "--help"), "Usage"),
        (("backup", "house", "--help"), "recipient"),
    ],
    ids=str,
)
def test_the_release_runs_from_its_own_folder_alone(
    release: Path, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    """With the installed libraries but without this checkout: nothing of ours is missing."""
    libraries = sysconfig.get_paths()["purelib"]
    start = (
        "import sys; sys.path[:0] = sys.argv.pop(1).split(':'); import runpy; "
        "runpy.run_module('portero', run_name='__main__')"
    )
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-I", "-S", "-c", start, f"{release / 'app'}:{libraries}", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={"PORTERO_LOCKD_DATA": str(tmp_path / "lockd"), "COLUMNS": "120"},
    )
    assert "ModuleNotFoundError" not in done.stderr
    assert "Traceback" not in done.stderr
    assert told in done.stdout + done.stderr


def test_neither_the_cloud_nor_a_simulator_goes_to_a_house(release: Path) -> None:
    names = {each.name for each in release.rglob("*")}
    assert not names & {"cloud_api", "simulator", "tests", "bench", ".git", ".env"}


def test_the_boot_overlay_is_plain_json(release: Path) -> None:
    overlay = json.loads((release / "config.overlay.json").read_text())
    assert overlay["hostname"] == "casa-del-mar"
    assert 'SYMLINK+="portero-rtc"' in overlay["os"]["udevRules"]["80"]
