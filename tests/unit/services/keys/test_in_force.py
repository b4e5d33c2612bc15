"""Which keys sign and verify, and what is wrong with a key file."""

from pathlib import Path

import pytest

from strmctl.domain.identity import Identity
from strmctl.domain.urls.playback_url import KeyProof, NoProof, SignedProof
from strmctl.errors import SettingsError
from strmctl.services.keys.in_force import proof, secrets, signer
from strmctl.settings.model import Auth, ProxySettings, Settings

OLD, NEW = "an-old-key-of-20-chars", "a-new-key-of-20-chars!"
MESSAGE = Identity("a.to", "x", "German").canonical()


def key_file(folder: Path, text: str, mode: int = 0o600) -> ProxySettings:
    file = folder / "strmctl.key"
    file.write_text(text)
    file.chmod(mode)
    return ProxySettings(secret_file=file)


def test_the_first_key_signs_and_all_verify(tmp_path: Path) -> None:
    both = signer(Settings(proxy=key_file(tmp_path, f"# keys\n{NEW}\n\n  {OLD}  \n")))
    old = signer(Settings(proxy=ProxySettings(secret=(OLD,))))
    new = signer(Settings(proxy=ProxySettings(secret=(NEW,))))
    assert both.sign("p", MESSAGE) == new.sign("p", MESSAGE)
    assert both.verify("p", MESSAGE, old.sign("p", MESSAGE))
    assert not new.verify("p", MESSAGE, old.sign("p", MESSAGE))


def test_settings_win_over_the_key_file(tmp_path: Path) -> None:
    assert secrets(ProxySettings(secret=(NEW,), secret_file=tmp_path / "none")) == (NEW,)


@pytest.mark.parametrize(
    ("auth", "kind"),
    [
        pytest.param(Auth.HMAC, SignedProof, id="hmac"),
        pytest.param(Auth.API_KEY, KeyProof, id="api_key"),
        pytest.param(Auth.NONE, NoProof, id="none"),
    ],
)
def test_auth_chooses_the_proof(auth: Auth, kind: type) -> None:
    assert isinstance(proof(Settings(proxy=ProxySettings(auth=auth, secret=(NEW,)))), kind)


def test_no_auth_needs_no_key(tmp_path: Path) -> None:
    settings = Settings(proxy=ProxySettings(auth=Auth.NONE, secret_file=tmp_path / "none"))
    assert signer(settings).verify("p", MESSAGE, "anything")


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        pytest.param(NEW, 0o640, "chmod 600", id="group-reads"),
        pytest.param(NEW, 0o604, "chmod 600", id="others-read"),
        pytest.param("# nothing\n", 0o600, "holds no key", id="empty"),
        pytest.param(f"{NEW}\nshort\n", 0o600, "shorter than 16", id="short"),
    ],
)
def test_what_is_wrong_with_a_key_file(tmp_path: Path, text: str, mode: int, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        secrets(key_file(tmp_path, text, mode))
    assert NEW not in str(caught.value)


def test_a_missing_key_file_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="strmctl init"):
        secrets(ProxySettings(secret_file=tmp_path / "none"))


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(SettingsError, match="cannot be read"):
        secrets(ProxySettings(secret_file=tmp_path))
