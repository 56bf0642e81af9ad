"""What stops a study from being served, and under which addresses it answers."""

import socket

import pytest

from fgresq.annotation.web.door.access import Settings
from fgresq.annotation.web.serving import check_study, listen, settings_for
from fgresq.errors import StudyError, UserError


def test_a_port_that_is_taken():
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(UserError, match=rf"127\.0\.0\.1:{port}: can't be listened on"):
            listen("127.0.0.1", port)


def test_a_host_that_is_not_ours():
    with pytest.raises(UserError, match="can't be listened on"):
        listen("192.0.2.7", 0)


def test_only_this_machine_unless_told_otherwise():
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        settings = settings_for(listening, "127.0.0.1", None, 30.0)
    assert settings.public_url == f"http://127.0.0.1:{port}"
    assert settings.hosts == {f"127.0.0.1:{port}", f"localhost:{port}"}
    assert not settings.secure


def test_all_interfaces_need_an_address_for_people():
    with listen("0.0.0.0", 0) as listening:  # noqa: S104
        with pytest.raises(UserError, match="--public-url"):
            settings_for(listening, "0.0.0.0", None, 30.0)  # noqa: S104
        settings = settings_for(listening, "0.0.0.0", "https://lab.example", 30.0)  # noqa: S104
    assert settings.public_url == "https://lab.example"
    assert "lab.example" in settings.hosts
    assert settings.cookie.startswith("__Host-")


@pytest.mark.parametrize("url", ["lab.example", "ftp://lab.example", "https://", "https://lab.example/study", ""])
def test_an_address_that_is_none(url):
    with pytest.raises(UserError, match="public address"):
        Settings(url)


def test_missing_images_are_named_before_anybody_comes(own_house):
    check_study(own_house.study)
    gone = next(iter(own_house.study.images.values())).path
    gone.unlink()
    with pytest.raises(StudyError, match=rf"1 image files.*{gone.name}.*No such file"):
        check_study(own_house.study)


def test_a_changed_manifest_is_named_before_anybody_comes(own_house):
    path = own_house.study.manifest / "manifest.json"
    path.write_text(path.read_text() + " ")
    with pytest.raises(StudyError, match="manifest was changed"):
        check_study(own_house.study)


def test_receipts_are_sent_at_once():
    """asyncio sets TCP_NODELAY on what such a socket accepts; else a receipt waits 40 ms for an ACK."""
    with listen("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP
