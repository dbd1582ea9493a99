"""The way out is what git's and b4's configuration say, and what cannot be meant is said before anything goes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from credseries.errors import UsageError
from credseries.kernel.git import Repository
from credseries.mail.transport.settings import (
    DEFAULT_ENDPOINT,
    Encryption,
    Endpoint,
    Program,
    Server,
    Settings,
    read_settings,
)
from tests.gitrepo import git, make_repo, write_files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_repo(tmp_path, {"Makefile": "all:\n"})


def settings(tree: Path, *pairs: tuple[str, str], web: bool = False) -> Settings:
    for key, value in pairs:
        git(tree, "config", "--global", "--add", key, value)
    return read_settings(Repository.discover(tree), web=web)


def server(tree: Path, *pairs: tuple[str, str]) -> Server:
    outlet = settings(tree, ("sendemail.smtpServer", "smtp.example.org"), *pairs).outlet
    assert isinstance(outlet, Server)
    return outlet


def problem(tree: Path, *pairs: tuple[str, str], web: bool = False) -> UsageError:
    with pytest.raises(UsageError) as caught:
        settings(tree, *pairs, web=web)
    return caught.value


def test_without_configuration_nothing_is_sent_anywhere_and_it_is_said_what_to_set(tree: Path) -> None:
    error = problem(tree)
    assert "sendemail.smtpServer" in error.message
    assert "git config --global sendemail.smtpServer" in error.hint
    assert "--web" in error.hint


def test_a_host_alone_is_port_25_and_clear_text_as_with_git(tree: Path) -> None:
    assert server(tree) == Server("smtp.example.org", 25)


@pytest.mark.parametrize(
    ("value", "encryption", "port"),
    [
        ("ssl", Encryption.SSL, 465),
        ("smtps", Encryption.SSL, 465),
        ("tls", Encryption.STARTTLS, 25),
        ("starttls", Encryption.STARTTLS, 25),
        ("none", Encryption.NONE, 25),
        ("", Encryption.NONE, 25),
    ],
)
def test_the_port_follows_from_the_encryption(tree: Path, value: str, encryption: Encryption, port: int) -> None:
    found = server(tree, ("sendemail.smtpEncryption", value))
    assert (found.encryption, found.port) == (encryption, port)


def test_an_encryption_that_is_misspelt_is_no_clear_text(tree: Path) -> None:
    error = problem(tree, ("sendemail.smtpServer", "smtp.example.org"), ("sendemail.smtpEncryption", "tsl"))
    assert "sendemail.smtpEncryption is 'tsl'" in error.message
    assert "did you mean tls?" in error.message


def test_the_old_name_of_encryption_is_known(tree: Path) -> None:
    assert server(tree, ("sendemail.smtpssl", "true")).encryption == Encryption.SSL


def test_all_of_a_server_is_read(tree: Path, tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text("")
    found = settings(
        tree,
        ("sendemail.smtpServer", "smtp.example.org"),
        ("sendemail.smtpServerPort", "587"),
        ("sendemail.smtpEncryption", "tls"),
        ("sendemail.smtpSSLCertPath", str(authority)),
        ("sendemail.smtpUser", "dev"),
        ("sendemail.smtpPass", "hunter2"),
        ("sendemail.smtpAuth", "login GSSAPI plain"),
        ("sendemail.smtpDomain", "laptop.example.org"),
        ("sendemail.smtpBatchSize", "10"),
        ("sendemail.smtpReloginDelay", "7"),
        ("credseries.smtpTimeout", "5"),
    )
    assert found == Settings(
        Server(
            "smtp.example.org",
            587,
            Encryption.STARTTLS,
            str(authority),
            "laptop.example.org",
            "dev",
            "hunter2",
            ("LOGIN", "PLAIN"),
            5.0,
        ),
        "dev@example.org",
        10,
        7.0,
    )
    assert found.outlet.description == "smtp.example.org:587 (STARTTLS, as dev)"


def test_a_password_is_in_no_text_of_the_settings(tree: Path) -> None:
    found = server(tree, ("sendemail.smtpUser", "dev"), ("sendemail.smtpPass", "hunter2"))
    assert found.password == "hunter2"
    assert "hunter2" not in f"{found} {found!r} {found.description}"


def test_an_identity_goes_before_what_is_set_for_all(tree: Path) -> None:
    found = server(
        tree,
        ("sendemail.smtpUser", "everybody"),
        ("sendemail.smtpServerPort", "26"),
        ("sendemail.Work.smtpUser", "worker"),
        ("sendemail.identity", "Work"),
    )
    assert (found.user, found.port) == ("worker", 26)


def test_b4_s_identity_goes_before_git_s(tree: Path) -> None:
    found = server(
        tree,
        ("sendemail.work.smtpUser", "worker"),
        ("sendemail.kernel.smtpUser", "hacker"),
        ("sendemail.identity", "work"),
        ("b4.sendemail-identity", "kernel"),
    )
    assert found.user == "hacker"


def test_an_identity_that_is_not_there_is_no_other_one(tree: Path) -> None:
    error = problem(
        tree,
        ("sendemail.smtpServer", "smtp.example.org"),
        ("sendemail.kernel.smtpUser", "hacker"),
        ("sendemail.identity", "kernle"),
    )
    assert "sendemail.identity is 'kernle'" in error.message
    assert "did you mean kernel?" in error.message


@pytest.mark.parametrize(
    ("value", "host", "port"),
    [("mx.example.org:2525", "mx.example.org", 2525), ("[::1]:2525", "::1", 2525), ("::1", "::1", 25)],
)
def test_a_host_may_have_its_port(tree: Path, value: str, host: str, port: int) -> None:
    outlet = settings(tree, ("sendemail.smtpServer", value)).outlet
    assert outlet == Server(host, port)


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("smtpServerPort", "submission", "a whole number from 1 to 65535"),
        ("smtpServerPort", "0", "a whole number from 1 to 65535"),
        ("smtpServerPort", "65536", "a whole number from 1 to 65535"),
        ("smtpBatchSize", "-1", "a whole number of at least 0"),
        ("smtpReloginDelay", "soon", "a number of seconds"),
        ("smtpReloginDelay", "nan", "a number of seconds"),
        ("smtpAuth", "GSSAPI", "PLAIN, LOGIN, CRAM-MD5"),
        ("smtpUser", "dev\r\nMAIL FROM:<x@y>", "control characters"),
        ("smtpDomain", "me\nRSET", "control characters"),
        ("envelopeSender", "nobody", "no mail address"),
        ("envelopeSender", "a@b>\r\nRCPT TO:<x@y", "control characters"),
        ("from", "nobody", "no mail address"),
        ("smtpServer", "smtp example", "neither a host nor"),
        ("smtpServer", "/no/such/sendmail", "is not there"),
        ("smtpServer", "bin/sendmail", "sendemail.sendmailCmd"),
    ],
)
def test_what_cannot_be_is_said_with_the_variable_s_name(tree: Path, key: str, value: str, what: str) -> None:
    error = problem(tree, ("sendemail.smtpServer", "smtp.example.org"), (f"sendemail.{key}", value))
    assert error.message.startswith(f"sendemail.{key} is ")
    assert what in error.message
    assert f"git config --show-origin --get sendemail.{key}" in error.hint


def test_certificates_that_are_not_there_are_said(tree: Path) -> None:
    pairs = (("sendemail.smtpServer", "mx"), ("sendemail.smtpSSLCertPath", "/no/such.pem"))
    assert "is not there" in problem(tree, *pairs, ("sendemail.smtpEncryption", "tls")).message


def test_an_empty_path_of_certificates_means_none_and_no_path_the_system_s(tree: Path) -> None:
    assert server(tree, ("sendemail.smtpEncryption", "tls")).certificates is None
    found = server(tree, ("sendemail.smtpSSLCertPath", ""))
    assert found.certificates == ""
    assert "its certificate unchecked" in found.description


def test_auth_none_needs_no_user(tree: Path) -> None:
    assert server(tree, ("sendemail.smtpUser", "dev"), ("sendemail.smtpAuth", "none")).user == ""


@pytest.mark.parametrize("name", ["xoauth2", "OAUTH2", "oauth"])
def test_tokens_go_by_b4_s_names_too(tree: Path, name: str) -> None:
    assert server(tree, ("sendemail.smtpAuth", name)).mechanisms == ("XOAUTH2",)


@pytest.mark.parametrize(
    ("pairs", "sender"),
    [
        ((), "dev@example.org"),
        ((("from", "Dev <from@example.org>"),), "from@example.org"),
        ((("from", "from@example.org"), ("envelopeSender", "Bounces <bounces@example.org>")), "bounces@example.org"),
        ((("from", "from@example.org"), ("envelopeSender", "auto")), "from@example.org"),
        ((("envelopeSender", "auto"),), "dev@example.org"),
    ],
)
def test_the_sender_is_the_envelope_s_else_from_else_the_author(
    tree: Path, pairs: tuple[tuple[str, str], ...], sender: str
) -> None:
    given = [(f"sendemail.{key}", value) for key, value in pairs]
    assert settings(tree, ("sendemail.smtpServer", "mx"), *given).sender == sender


def test_a_path_is_a_program_and_a_command_goes_before_it(tree: Path, tmp_path: Path) -> None:
    program = tmp_path / "sendmail"
    program.write_text("")
    options = (("sendemail.smtpServerOption", "-a"), ("sendemail.smtpServerOption", "kernel account"))
    found = settings(tree, ("sendemail.smtpServer", str(program)), *options)
    assert found.outlet == Program(str(program), through_shell=False, options=("-a", "kernel account"))
    found = settings(tree, ("sendemail.sendmailCmd", "msmtp -a x"), ("sendemail.envelopeSender", "auto"))
    assert found.outlet == Program(
        "msmtp -a x", through_shell=True, options=("-a", "kernel account"), names_sender=True
    )


def test_the_endpoint_is_taken_without_a_server_or_when_it_is_asked_for(tree: Path) -> None:
    url = "https://example.org/_b4_submit"
    assert settings(tree, ("b4.send-endpoint-web", url)).outlet == Endpoint(url)
    assert isinstance(settings(tree, ("sendemail.smtpServer", "mx")).outlet, Server)
    assert settings(tree, web=True).outlet == Endpoint(url)


def test_the_tree_s_own_b4_config_may_name_the_endpoint_and_nothing_else_of_the_way_out(tree: Path) -> None:
    write_files(
        tree,
        {".b4-config": "[b4]\n\tsend-endpoint-web = https://tree.example.org/\n[sendemail]\n\tsmtpServer = evil\n"},
    )
    assert settings(tree).outlet == Endpoint("https://tree.example.org/")
    assert settings(tree, ("b4.send-endpoint-web", "https://mine.example.org/")).outlet == Endpoint(
        "https://mine.example.org/"
    )


def test_kernel_org_s_endpoint_is_there_for_a_tree_of_the_kernel_that_asks_for_it(tree: Path) -> None:
    assert "no web endpoint is configured" in problem(tree, web=True).message
    write_files(tree, {"Kconfig": ""})
    assert settings(tree, web=True).outlet == Endpoint(DEFAULT_ENDPOINT)
    problem(tree)  # not without being asked


@pytest.mark.parametrize(
    "url",
    [
        *(
            "lkml.kernel.org",
            "ftp://lkml.kernel.org/",
            "https://",
            "https:///_b4_submit",
            "https://a..b/",
            "https://[::1/",
        ),
        *("https://example.org:port/", "https://example.org:99999/", "https://exa mple.org/", "https://a/\r\nHost: b"),
    ],
)
def test_an_endpoint_that_is_no_web_address_is_said(tree: Path, url: str) -> None:
    assert "no web address" in problem(tree, ("b4.send-endpoint-web", url)).message


IMPOSSIBLE = {
    "a space": "smtp example",
    "a tab": "smtp\texample.org",
    "a line's end": "smtp.example.org\nRSET",
    "an escape": "\x1b[31msmtp.example.org",
    "an empty part": "smtp..example.org",
    "an empty part at the beginning": ".example.org",
    "dots only": "..",
    "a part too long": f"{'a' * 64}.example.org",
    "all too long": ".".join(["a" * 60] * 5),
    "a dash at the beginning": "-oProxyCommand=x",
    "a dash at the end": "smtp-.example.org",
    "a user": "me@smtp.example.org",
    "no number of a port": "smtp.example.org:submission",
    "a web address": "https:example.org",
    "no address": "300.1.1.1",
    "half an address": "[::1",
    "a letter that looks like a slash": "smtp.example.org\u2215x",
    "a mark that turns text around": "smtp.\u202eexample.org",
}


@pytest.mark.parametrize("name", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_name_that_no_host_can_have_is_said_before_anything_connects(tree: Path, name: str) -> None:
    error = problem(tree, ("sendemail.smtpServer", name))
    assert error.message.startswith("sendemail.smtpServer is ")
    assert "neither a host nor an absolute path: " in error.message
    assert error.message.isprintable()


@pytest.mark.parametrize(
    "name",
    [
        *(
            "mx",
            "smtp.example.org",
            "smtp.example.org.",
            "127.0.0.1",
            "::1",
            "fe80::1%lo",
            "my_relay.lan",
            "1and1.example",
        ),
        *("größe.example", "xn--gre-6ka8i.example", "例え.テスト", f"{'a' * 63}.example.org", ".".join(["a" * 62] * 4)),
    ],
)
def test_a_name_that_a_host_can_have_is_taken(tree: Path, name: str) -> None:
    outlet = settings(tree, ("sendemail.smtpServer", name)).outlet
    assert isinstance(outlet, Server)
    assert outlet.host == name


def test_a_timeout_of_nothing_is_none(tree: Path) -> None:
    error = problem(tree, ("sendemail.smtpServer", "mx"), ("credseries.smtpTimeout", "0"))
    assert "above 0" in error.message
