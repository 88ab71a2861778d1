"""Does `portero sign` draw what it says, and say plainly what it cannot?"""

from pathlib import Path

from typer.testing import CliRunner

from portero.cli import app

RUN = CliRunner()


def test_it_draws_the_page_and_asks_for_the_wifis_password_unseen(tmp_path: Path) -> None:
    out = tmp_path / "sign.svg"
    words = ["sign", "--out", str(out), "--house", "Casa", "--address", "casa.local:8480"]
    done = RUN.invoke(app, [*words, "--wifi", "Guests"], input="secret-42\n")
    assert done.exit_code == 0
    assert "http://casa.local:8480" in done.output
    assert "secret-42" not in done.output + out.read_text()
    assert "casa.local:8480" in out.read_text()


def test_it_draws_the_code_alone(tmp_path: Path) -> None:
    out = tmp_path / "code.png"
    assert RUN.invoke(app, ["sign", "--out", str(out), "--address", "casa.local"]).exit_code == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_an_address_that_leaves_the_house_is_refused_in_a_sentence(tmp_path: Path) -> None:
    out = tmp_path / "sign.svg"
    done = RUN.invoke(app, ["sign", "--out", str(out), "--address", "http://casa.example.org"])
    assert done.exit_code != 0
    assert "plain HTTP only" in str(done.exception)
    assert not out.exists()


def test_a_language_we_do_not_speak_is_said(tmp_path: Path) -> None:
    done = RUN.invoke(app, ["sign", "--out", str(tmp_path / "s.svg"), "--language", "xx"])
    assert "en, es" in str(done.exception)
