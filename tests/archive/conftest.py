"""Archives for the tests: in a folder with SQLite, and on a PostgreSQL server where one can be started."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jeoul.archive import Archive, create_archive


def _server_programs() -> Path | None:
    """Where initdb and postgres are: on the path, or where Debian puts them."""
    found = shutil.which("initdb")
    folders = (
        [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    )
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def _as_nobody() -> tuple[list[str], bool]:
    """PostgreSQL refuses to run as root; it is then run as the user postgres."""
    if os.geteuid() != 0:
        return [], True
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"], bool(
        shutil.which("setpriv")
    )


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of our own on loopback, or a skip that says why there is none."""
    programs = _server_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    before, can = _as_nobody()
    if not can:
        pytest.skip("PostgreSQL does not run as root and setpriv is not there")
    root = Path(tempfile.mkdtemp(prefix="jeoul-"))  # the path of a socket must be short
    if before:
        shutil.chown(root, "postgres", "postgres")
    data, user = root / "data", "jeoul"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*before, programs / "initdb", "-D", data, "-U", user, "-A", "trust", "-N"], **quiet)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            *before,
            programs / "postgres",
            "-D",
            data,
            "-p",
            str(port),
            "-k",
            root,
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, server)
        yield f"postgresql://{user}@127.0.0.1:{port}/postgres"
    finally:
        # At once: neither a client that is still there nor a last checkpoint is worth waiting for.
        server.send_signal(signal.SIGQUIT)
        server.wait(20)
        shutil.rmtree(root, ignore_errors=True)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if server.poll() is not None:
            pytest.skip(f"PostgreSQL did not start (exit code {server.returncode})")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.skip("PostgreSQL did not answer within 10 s")


def _new_database(url: str) -> str:
    """An empty database on the server, so that tests do not see each other."""
    from sqlalchemy import create_engine, text

    name = f"t{uuid.uuid4().hex[:12]}"
    engine = create_engine(url.replace("postgresql://", "postgresql+pg8000://"), isolation_level="AUTOCOMMIT")
    for _ in range(50):
        try:
            with engine.connect() as connection:
                connection.execute(text(f"create database {name}"))
            break
        except Exception:
            time.sleep(0.1)
    engine.dispose()
    return url.rpartition("/")[0] + "/" + name


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue_url(request: pytest.FixtureRequest) -> str | None:
    """None for a SQLite file in the archive's folder, else an empty PostgreSQL database."""
    if request.param == "sqlite":
        return None
    return _new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def archive(tmp_path: Path, catalogue_url: str | None) -> Iterator[Archive]:
    with create_archive(tmp_path / "archive", catalogue=catalogue_url, who="Hong Gildong") as made:
        yield made


@pytest.fixture
def raw_file(tmp_path: Path) -> Callable[[str, str], Path]:
    """A file with some text in it."""

    def make(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture(scope="session")
def person() -> str:
    return getpass.getuser()
