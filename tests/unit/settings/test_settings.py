"""Settings come from the environment; secrets never do."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path

import pytest
import structlog

from haodian import logs
from haodian.settings import (
    SettingInvalid,
    find_secret,
    prepare_home,
    read_sealer,
    read_settings,
    write_secret,
)


def test_everything_has_a_default(tmp_path: Path) -> None:
    settings = read_settings({"HAODIAN_HOME": str(tmp_path)})
    assert (settings.database_url, settings.host, settings.demo, settings.demo_scale) == (
        None,
        "127.0.0.1",
        True,
        "0.02",
    )
    assert settings.rulebook == tmp_path / "rulebook.git"


def test_the_environment_says_otherwise(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "HAODIAN_HOME": str(tmp_path),
            "HAODIAN_DATABASE_URL": "postgresql://db/haodian",
            "HAODIAN_RULEBOOK": str(tmp_path / "elsewhere.git"),
            "HAODIAN_CONSOLE_PORT": "9000",
            "HAODIAN_DEMO": "off",
            "HAODIAN_ORIGINS": "https://a.example, https://b.example",
        }
    )
    assert settings.database_url == "postgresql://db/haodian"
    assert settings.rulebook == tmp_path / "elsewhere.git"
    assert (settings.console_port, settings.demo) == (9000, False)
    assert settings.origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HAODIAN_CONSOLE_PORT", "eighty"),
        ("HAODIAN_CONSOLE_PORT", "65536"),
        ("HAODIAN_GATEWAY_PORT", "-1"),
        ("HAODIAN_DEMO", "maybe"),
        ("HAODIAN_DEMO_SCALE", "0"),
        ("HAODIAN_DEMO_SCALE", "1.1"),
        ("HAODIAN_DEMO_SCALE", "1e3"),
    ],
)
def test_a_wrong_value_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingInvalid, match=f"{name}={value}"):
        read_settings({"HAODIAN_HOME": str(tmp_path), name: value})


def test_secrets_are_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    settings = read_settings({"HAODIAN_HOME": str(tmp_path)})
    prepare_home(settings)
    keys = (settings.secrets / "keys").read_bytes()
    prepare_home(settings)
    assert (settings.secrets / "keys").read_bytes() == keys
    assert stat.S_IMODE((settings.secrets / "keys").stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.secrets.stat().st_mode) == 0o700
    sealer = read_sealer(settings)
    assert sealer.open(sealer.seal("13800138000", field="phone"), field="phone") == "13800138000"


def test_a_secret_is_written_whole_and_found_again(tmp_path: Path) -> None:
    settings = read_settings({"HAODIAN_HOME": str(tmp_path)})
    prepare_home(settings)
    assert find_secret(settings, name="demo-key") is None
    write_secret(settings, name="demo-key", value="abc")
    assert find_secret(settings, name="demo-key") == "abc"
    assert stat.S_IMODE((settings.secrets / "demo-key").stat().st_mode) == 0o600


def test_logs_are_json_lines_without_secrets(tmp_path: Path) -> None:
    before = list(logging.getLogger().handlers)
    try:
        logs.configure(tmp_path, process="gateway")
        structlog.get_logger("test").info("key_made", key_id="hd_1", secret="hidden", api_token="hidden")
        logging.getLogger("uvicorn.error").warning("plain %s", "line")
        first, second = (json.loads(line) for line in (tmp_path / "gateway.log").read_text().splitlines())
    finally:
        for handler in logging.getLogger().handlers:
            handler.close()
        logging.getLogger().handlers[:] = before
    assert (first["event"], first["key_id"], first["secret"], first["api_token"]) == (
        "key_made",
        "hd_1",
        "***",
        "***",
    )
    assert (second["event"], second["level"]) == ("plain line", "warning")
