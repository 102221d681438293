"""Archives for campaigns: on SQLite and PostgreSQL, in a folder and on S3; and the files of the kill test."""

from __future__ import annotations

import importlib.util
import random
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

_TESTS = Path(__file__).resolve().parents[1]


def _module(name: str, path: Path) -> ModuleType:
    """A file outside of any package as a module."""
    import sys

    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_archives = _module("_archive_fixtures", _TESTS / "archive" / "conftest.py")
postgres, catalogue_url, archive = _archives.postgres, _archives.catalogue_url, _archives.archive
"""A PostgreSQL server of the tests' own, and archives: as in the tests of the archive."""


@pytest.fixture(scope="session")
def kill_test(root: Path) -> ModuleType:
    """The kill test as a module; at full size it is run by hand."""
    return _module("_kill_test", root / "tools" / "kill_test.py")


@pytest.fixture
def bench(kill_test: ModuleType, tmp_path: Path) -> Callable[..., Any]:
    """Files with known capacities, and where their archive is to be."""

    def make(runs: int, *, catalogue: str | None = None, location: str = "", workers: int = 2) -> Any:
        where = location or str(tmp_path / "archive")
        made = kill_test.Bench(tmp_path / "bench", where, catalogue, runs, workers, random.Random(1))
        kill_test.write_files(made)
        return made

    return make


@pytest.fixture
def desk(tmp_path: Path, sample: Path) -> Path:
    """A folder as a laboratory has it: the files of the shipped sample in `data`, definitions beside it."""
    folder = tmp_path / "desk"
    (folder / "data").mkdir(parents=True)
    for path in sample.glob("*.csv"):
        shutil.copy(path, folder / "data")
    for name in ("item.toml", "accuracy.toml", "limits.toml", "description.toml"):
        shutil.copy(sample / name, folder)
    return folder


@pytest.fixture(scope="module")
def s3_server() -> Any:
    """The address of an S3-compatible server on loopback, in the environment while the module runs."""
    import os

    pytest.importorskip("obstore", reason="the extra s3 is not installed")
    moto = pytest.importorskip("moto.server", reason="moto, the S3 server of the tests, is not installed")
    started = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    before = dict(os.environ)
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
    }  # fmt: skip
    yield f"http://{host}:{port}"
    os.environ.clear()
    os.environ.update(before)
    started.stop()


@pytest.fixture
def bucket(s3_server: str) -> str:
    """An empty place on the server."""
    import urllib.request

    name = f"jeoul-{uuid.uuid4().hex[:8]}"
    urllib.request.urlopen(urllib.request.Request(f"{s3_server}/{name}", method="PUT")).close()
    return f"s3://{name}/archive"
