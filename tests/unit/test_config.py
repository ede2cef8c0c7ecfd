"""Configuration: checked when it is made, picklable, and silent about secrets."""

from __future__ import annotations

import pickle
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from astore_sdk import AsyncClient, Client, Config, InvalidInputError, RetryPolicy, Timeout, TransferConfig

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://host", "http://host"),
        ("http://host:8080/", "http://host:8080"),
        ("https://host/prefix/", "https://host/prefix"),
        (f"https://{'x' * 63}.example.", f"https://{'x' * 63}.example."),
        ("https://[::1]:8443/a/b//", "https://[::1]:8443/a/b"),
    ],
)
def test_base_url(given: str, kept: str) -> None:
    assert Config(given).base_url == kept


@pytest.mark.parametrize("value", [None, ""])
def test_missing_base_url_names_the_variable(value: str | None) -> None:
    with pytest.raises(ValueError, match="ASTORE_SERVER"):
        Config(base_url=value)


@pytest.mark.parametrize(
    "value",
    [
        "host:8080",
        "ftp://host",
        "http://",
        "http://host?x=1",
        "http://host/#a",
        "http://ho st",
        "http://host:99999",
        "//host",
        "http://a..b",
        "http://.",
        "http://.host",
        f"http://{'x' * 64}",
    ],
)
def test_bad_base_urls(value: str) -> None:
    with pytest.raises(InvalidInputError, match="base_url"):
        Config(value)


def test_user_information_is_refused_and_not_shown() -> None:
    with pytest.raises(InvalidInputError) as caught:
        Config("http://user:hunter2@host")
    assert "hunter2" not in str(caught.value)


def test_positions_and_defaults() -> None:
    config = Config("http://host", "token", 30, True, "my-app/1.0")
    assert (config.token, config.timeout, config.insecure_skip_verify, config.user_agent) == ("token", 30, True, "my-app/1.0")
    assert Config("http://host").timeout == 60
    assert Config("http://host").retry == RetryPolicy(max_attempts=4, backoff_base=0.5, backoff_max=20.0, retry_after_max=60.0)
    assert Config("http://host").transfer == TransferConfig(threshold=16 * MIB, part_size=8 * MIB, integrity=True)


def test_timeout_by_phase() -> None:
    assert Config("http://host", timeout=60).phases == Timeout(connect=10, read=60, write=60, pool=60)
    assert Config("http://host", timeout=3).phases == Timeout(connect=3, read=3, write=3, pool=3)
    assert Config("http://host", timeout=Timeout(read=5)).phases.read == 5


@pytest.mark.parametrize(
    "value",
    [
        "https://host/s3", "https://host/s3/", "https://host//s3//", "https://host/prefix/s3", "https://host/s3/bucket", "https://host/a/s3/b/c/",
        "http://host:8080/S3", "https://host/%73%33", "https://host/a%2fs3", "https://host/a/%733/b", "https://host/a\\s3",
    ],
)  # fmt: skip
@pytest.mark.parametrize("make", [Config, lambda value: Config.from_env()])
def test_a_base_url_that_goes_on_into_the_store(value: str, make: Callable[[str], Config], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTORE_SERVER", value)
    with pytest.raises(InvalidInputError, match=r"'s3'.*without it"):
        make(value)


@pytest.mark.parametrize("path", ["/my-s3", "/s3store", "/s3.example.com", "/as3/b", "/s3-/x", "/%2573%2533"])
def test_a_base_url_that_only_sounds_like_it(path: str) -> None:
    assert Config(f"https://s3.host{path}").base_url == f"https://s3.host{path}"


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_bad_timeouts(value: float) -> None:
    with pytest.raises(InvalidInputError, match="more than 0 seconds"):
        Config("http://host", timeout=value)


@pytest.mark.parametrize("value", ["60", None, True])
def test_timeouts_of_a_wrong_type(value: object) -> None:
    with pytest.raises(TypeError, match="seconds"):
        Config("http://host", timeout=value)


def test_empty_token_is_none() -> None:
    assert Config("http://host", "").token is None


@pytest.mark.parametrize("value", ["abc\n", "a b", "a\0", "tökén"])
def test_tokens_that_cannot_travel_are_refused_and_not_shown(value: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Config("http://host", value)
    assert value.strip() not in str(caught.value)


def test_nothing_secret_in_the_repr() -> None:
    config = Config(
        "http://host",
        "s3cret",
        proxy="http://user:s3cret@proxy:3128",
        headers={"X-Key": "s3cret"},
        cert=("cert.pem", "key.pem", "s3cret"),
    )
    assert "s3cret" not in repr(config)
    assert "proxy:3128" in repr(config)


def test_pickles(tmp_path: Path) -> None:
    config = Config("http://host", "token", verify=tmp_path, headers={"X-Tenant": "a"}, timeout=Timeout(read=1))
    assert pickle.loads(pickle.dumps(config)) == config


def test_verify_takes_files_folders_and_contexts(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert Config("https://host", verify=context).verify is context
    assert Config("https://host", verify=tmp_path).verify == str(tmp_path)
    with pytest.raises(InvalidInputError, match="no file"):
        Config("https://host", verify=tmp_path / "missing")
    with pytest.raises(TypeError, match="insecure_skip_verify"):
        Config("https://host", verify=False)
    with pytest.raises(InvalidInputError, match="contradict"):
        Config("https://host", verify=tmp_path, insecure_skip_verify=True)


@pytest.mark.parametrize("name", ["Authorization", "host", "Content-Length", "Range", "bad name", "x\r\n"])
def test_headers_that_are_not_the_callers(name: str) -> None:
    with pytest.raises(InvalidInputError, match="header"):
        Config("http://host", headers={name: "x"})


@pytest.mark.parametrize(
    "make",
    [
        lambda: RetryPolicy(max_attempts=0),
        lambda: RetryPolicy(backoff_base=-1),
        lambda: TransferConfig(part_size=5 * MIB - 1),
        lambda: TransferConfig(threshold=-1),
        lambda: TransferConfig(threshold=5 * 1024 * MIB + 1),
        lambda: Config("http://host", proxy="proxy:3128"),
        lambda: Config("http://host", max_connections=0),
        lambda: Config("http://host", keepalive_expiry=0),
        lambda: Config("http://host", user_agent="a\r\nb: c"),
    ],
)
def test_values_out_of_bounds(make: object) -> None:
    with pytest.raises(InvalidInputError):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: RetryPolicy(max_attempts=1.5),
        lambda: TransferConfig(integrity="no"),
        lambda: Config(b"http://host"),
        lambda: Config("http://host", 5),
        lambda: Config("http://host", insecure_skip_verify="no"),
        lambda: Config("http://host", cert=["cert.pem", "key.pem"]),
        lambda: Config("http://host", headers=[("a", "b")]),
        lambda: Config("http://host", headers={"a": 1}),
        lambda: Config("http://host", retry=4),
        lambda: Config("http://host", transfer=RetryPolicy()),
    ],
)
def test_values_of_a_wrong_type(make: object) -> None:
    with pytest.raises(TypeError):
        make()


def test_cert_takes_a_path(tmp_path: Path) -> None:
    assert Config("https://host", cert=tmp_path / "both.pem").cert == str(tmp_path / "both.pem")


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ASTORE_SERVER", "ASTORE_TOKEN", "ARTIFACT_STORE_URL", "ARTIFACT_STORE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InvalidInputError, match="ARTIFACT_STORE_URL"):
        Config.from_env()
    monkeypatch.setenv("ARTIFACT_STORE_URL", "http://older")
    monkeypatch.setenv("ARTIFACT_STORE_TOKEN", "t1")
    assert (Config.from_env().base_url, Config.from_env().token) == ("http://older", "t1")
    monkeypatch.setenv("ASTORE_SERVER", "http://newer")
    assert (Config.from_env().base_url, Config.from_env().token) == ("http://newer", None)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_an_address_is_no_configuration(kind: type[Client | AsyncClient]) -> None:
    with pytest.raises(TypeError, match=r"not str: Client\(Config\("):
        kind("http://127.0.0.1:8080")
