from itertools import count
from pathlib import Path

import pytest
from kombu import Connection

from jobs import broker

# kombu remembers for the whole process which queues it has bound, so each test has its own.
_number = count()


@pytest.fixture
def name() -> str:
    return f"solve-{next(_number)}"


@pytest.fixture
def line(tmp_path: Path):
    broker.install()
    options = {**broker.prepare(tmp_path / "broker"), "polling_interval": 0.01}
    with Connection("filesystem://", transport_options=options) as line:
        yield line


def test_folders_are_private(line: Connection, tmp_path: Path):
    modes = {path.name: path.stat().st_mode & 0o777 for path in [tmp_path / "broker", *(tmp_path / "broker").iterdir()]}

    assert modes == dict.fromkeys(("broker", "messages", "processed", "control"), 0o700)


def test_messages_come_out_in_the_order_in_which_they_went_in(line: Connection, name: str):
    with line.SimpleQueue(name) as queue:
        for number in range(20):
            queue.put({"number": number})
        taken = [queue.get(timeout=1).payload["number"] for _ in range(20)]

    assert taken == list(range(20))


def test_half_a_message_is_no_message(line: Connection, name: str, tmp_path: Path):
    with line.SimpleQueue(name) as queue:
        (tmp_path / "broker" / "messages" / f"0-broken.{name}.msg").write_text("")
        queue.put({"number": 1})

        with pytest.raises(queue.Empty):
            queue.get(block=False)
        taken = queue.get(timeout=1).payload

    assert taken == {"number": 1}


def test_a_folder_that_is_gone_is_an_empty_one(line: Connection, name: str, tmp_path: Path):
    with line.SimpleQueue(name) as queue:
        (tmp_path / "broker" / "messages").rmdir()

        with pytest.raises(queue.Empty):
            queue.get(block=False)


def test_read_messages_are_deleted_after_a_while(line: Connection, name: str, tmp_path: Path, monkeypatch):
    with line.SimpleQueue(name) as queue:
        queue.put({"number": 1})
        queue.get(timeout=1).ack()

    kept = broker.empty_processed(tmp_path / "broker")
    monkeypatch.setattr(broker, "READ_BY_NOW_S", -1.0)
    deleted = broker.empty_processed(tmp_path / "broker")

    assert (kept, deleted) == (0, 1)
    assert list((tmp_path / "broker" / "processed").iterdir()) == []
