"""What a user installs: a wheel built from this tree, in an environment that has never seen the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def _run(command: list[str], **options: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("build") is None or find_spec("hatchling") is None:
        pytest.skip("build and hatchling are not installed (pip install 'jeoul[test]')")
    folder = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(root)])
    (built,) = folder.glob("*.whl")
    return built


def _install(wheel: Path, environment: Path) -> None:
    """Into a new environment, with the wheel alone; by uv where it is, else by the pip that Python brings."""
    python = str(environment / "bin" / "python")
    if shutil.which("uv"):
        _run(["uv", "venv", "--quiet", "--python", sys.executable, str(environment)])
        _run(["uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, str(wheel)])
    elif find_spec("ensurepip") is not None:
        _run([sys.executable, "-m", "venv", str(environment)])
        _run([python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)])
    else:
        pytest.skip("neither uv nor ensurepip is here to make a new environment")


def _lend_dependencies(environment: Path) -> None:
    """The dependencies of this environment, without its jeoul.

    A folder named in a .pth file comes last on the path, and .pth files inside it are not followed: the
    tree that is installed here in editable mode stays unseen.
    """
    (site,) = environment.glob("lib/python*/site-packages")
    folders = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    (site / "lent.pth").write_text("\n".join(folders) + "\n", "utf-8")


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "environment"
    _install(wheel, folder)
    _lend_dependencies(folder)
    return folder


@pytest.fixture(scope="module")
def outside() -> dict[str, str]:
    """This process's environment without what could lead back to the tree."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}


def test_the_wheel_holds_the_package_whole_and_nothing_else(
    wheel: Path, project_files: list[Path], root: Path
) -> None:
    """Samples, fonts, standards and message catalogues travel as package data."""
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    source = root / "src"
    assert inside == {str(path.relative_to(source)) for path in project_files if source in path.parents}


def test_the_wheel_tells_its_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert "jeoul/samples/about_energy_lfp/LICENSE" in names


def test_the_installed_package_is_the_wheels(
    environment: Path, outside: dict[str, str], tmp_path: Path
) -> None:
    code = "import jeoul, jeoul.samples as s; print(jeoul.__file__); print(s.sample_path('about_energy_lfp'))"
    command = [str(environment / "bin" / "python"), "-c", code]
    places = _run(command, cwd=tmp_path, env=outside).splitlines()
    assert len(places) == 2
    assert all(Path(place).resolve().is_relative_to(environment.resolve()) for place in places)


def test_the_demo_runs_from_the_wheel(environment: Path, outside: dict[str, str], tmp_path: Path) -> None:
    printed = _run([str(environment / "bin" / "jeoul"), "demo"], cwd=tmp_path, env=outside)
    report = tmp_path / "jeoul-demo" / "report.pdf"
    assert report.read_bytes()[:5] == b"%PDF-"
    assert "report.pdf" in printed
