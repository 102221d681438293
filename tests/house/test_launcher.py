"""./jeoul sets up once, whole or not at all, from any folder, and then gets out of the way.

The installer is a stand-in on PATH under the name of uv, which notes each call: the launcher's own
decisions are what is tested here, not the package index. `.ci/run` starts the real one.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="./jeoul is for POSIX shells")

STAND_IN = r"""#!/bin/sh
echo "$*" >>"$CALLS"
case "$1 $2" in
    "venv "*) for last; do :; done; mkdir -p "$last/bin"; ln -s "$REAL_PYTHON" "$last/bin/python" ;;
    "pip install")
        trap 'exit 1' INT
        [ -z "${UV_SLEEPS-}" ] || sleep "$UV_SLEEPS"
        [ -z "${UV_FAILS-}" ] || { echo "no route to the index" >&2; exit 1; }
        for last; do :; done
        case $last in */requirements.lock) exit 0 ;; esac
        printf '#!/bin/sh\necho ran "$@"\n' >"$last/.venv/bin/jeoul"
        chmod +x "$last/.venv/bin/jeoul" ;;
esac
"""


class Tree:
    """A copy of the launcher in a folder with a space in its name, and the stand-in for uv."""

    def __init__(self, root: Path, tmp_path: Path) -> None:
        self.folder = tmp_path / "my trees" / "jeoul"
        self.folder.mkdir(parents=True)
        for name in ("jeoul", "requirements.lock", "pyproject.toml"):
            shutil.copy(root / name, self.folder)
        self.program = self.folder / "jeoul"
        self.calls = tmp_path / "calls"
        self.tools = tmp_path / "tools"
        self.tools.mkdir()
        self.add_tool("uv", STAND_IN)
        (self.tools / "python3").symlink_to(sys.executable)
        self.environment = {
            "PATH": f"{self.tools}:/usr/bin:/bin",
            "CALLS": str(self.calls),
            "REAL_PYTHON": sys.executable,
            "JEOUL_PYTHON": sys.executable,
        }

    def add_tool(self, name: str, text: str) -> None:
        (self.tools / name).write_text(text, "utf-8")
        (self.tools / name).chmod(0o755)

    def start(
        self, *arguments: str, program: Path | None = None, shell: tuple[str, ...] = (), **more: str
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*shell, str(program or self.program), *arguments],
            cwd="/",
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, program: Path | None = None, **more: str) -> tuple[int, str, str]:
        started = self.start(*arguments, program=program, **more)
        out, err = started.communicate(timeout=60)
        return started.returncode, out, err

    def installs(self) -> int:
        """How often the lock was installed."""
        text = self.calls.read_text("utf-8") if self.calls.exists() else ""
        return sum("--require-hashes" in line for line in text.splitlines())

    def leftovers(self) -> list[str]:
        return [path.name for path in self.folder.iterdir() if path.name.startswith(".venv.")]


@pytest.fixture
def tree(root: Path, tmp_path: Path) -> Tree:
    return Tree(root, tmp_path)


def test_it_is_plain_posix_shell(root: Path) -> None:
    shell = shutil.which("dash") or "/bin/sh"
    assert subprocess.run([shell, "-n", str(root / "jeoul")], check=False).returncode == 0
    assert os.access(root / "jeoul", os.X_OK)


def test_the_second_start_costs_no_set_up(tree: Tree) -> None:
    code, out, err = tree.run("demo", "a b")
    assert (code, out) == (0, "ran demo a b\n")
    assert "setting up" in err
    assert tree.run("read", "my file.csv") == (0, "ran read my file.csv\n", "")
    assert tree.installs() == 1


def test_alone_it_shows_the_help(tree: Tree) -> None:
    assert tree.run()[1] == "ran --help\n"


def test_it_is_found_through_symlinks(tree: Tree, tmp_path: Path) -> None:
    """An absolute link to a relative one, as in ~/bin."""
    (tree.folder.parent / "near").symlink_to("jeoul/jeoul")
    far = tmp_path / "far"
    far.symlink_to(tree.folder.parent / "near")
    assert tree.run("demo", program=far)[1] == "ran demo\n"
    assert (tree.folder / ".venv" / "bin" / "jeoul").exists()


def test_a_changed_lock_is_installed(tree: Tree) -> None:
    tree.run("demo")
    with (tree.folder / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert tree.run("demo")[0] == 0
    assert tree.installs() == 2


def test_a_moved_folder_gets_its_own_environment(tree: Tree, tmp_path: Path) -> None:
    """The scripts of a virtual environment name its folder, so it cannot be moved."""
    tree.run("demo")
    moved = tmp_path / "moved"
    tree.folder.rename(moved)
    (moved / ".venv" / "of the old place").touch()
    assert tree.run("demo", program=moved / "jeoul")[1] == "ran demo\n"
    assert not (moved / ".venv" / "of the old place").exists()


def test_without_a_network_it_says_so_and_the_next_start_tries_again(tree: Tree) -> None:
    code, out, err = tree.run("demo", UV_FAILS="yes")
    assert (code, out) == (1, "")
    assert "no route to the index" in err
    assert "the set-up failed" in err
    assert tree.leftovers() == []
    assert tree.run("demo")[1] == "ran demo\n"


def test_a_killed_set_up_starts_anew(tree: Tree) -> None:
    """Killed outright in the middle: what it left behind is not trusted."""
    killed = tree.start("demo", UV_SLEEPS="30")
    while not tree.installs():
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    (tree.folder / ".venv" / "half made").touch()
    code, out, _ = tree.run("demo")
    assert (code, out) == (0, "ran demo\n")
    assert not (tree.folder / ".venv" / "half made").exists()
    assert tree.leftovers() == []


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_an_interrupted_set_up_starts_anew(shell: str, tree: Tree) -> None:
    """Ctrl-C reaches the installer too, which may end tidily: bash then goes on as if nothing had been."""
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    stopped = tree.start("demo", shell=(shell,), UV_SLEEPS="30")
    while not tree.installs():
        time.sleep(0.02)
    os.killpg(stopped.pid, signal.SIGINT)
    out, _ = stopped.communicate()
    assert (stopped.returncode != 0, out) == (True, "")
    (tree.folder / ".venv" / "half made").touch()
    assert tree.run("demo")[1] == "ran demo\n"
    assert not (tree.folder / ".venv" / "half made").exists()


def test_of_two_starts_at_once_one_sets_up(tree: Tree) -> None:
    both = [tree.start("demo", UV_SLEEPS="0.6") for _ in range(3)]
    ends = [(started.communicate(timeout=60)[0], started.returncode) for started in both]
    assert ends == [("ran demo\n", 0)] * 3
    assert tree.installs() == 1
    assert tree.leftovers() == []


def test_an_old_python_is_refused_by_name(tree: Tree) -> None:
    tree.add_tool("old", "#!/bin/sh\nexit 1\n")
    code, out, err = tree.run("demo", JEOUL_PYTHON=str(tree.tools / "old"))
    assert (code, out) == (1, "")
    assert "needs Python 3.11 or newer" in err
    assert "tools/old" in err


def test_a_python_without_ensurepip_names_the_package_to_install(tree: Tree) -> None:
    """Debian's python3 without python3-venv."""
    (tree.tools / "uv").unlink()
    lacking = "#!/bin/sh\ncase $2 in *ensurepip*) exit 1 ;; *print*) echo 3.11 ;; esac\n"
    tree.add_tool("debian-python", lacking)
    code, _, err = tree.run("demo", JEOUL_PYTHON=str(tree.tools / "debian-python"))
    assert code == 1
    assert "apt-get install python3.11-venv" in err
    assert tree.leftovers() == []


def test_a_folder_that_cannot_be_written_is_said(tree: Tree) -> None:
    """Stands in for a read-only place: a file where the lock should go."""
    tree.add_tool("mkdir", "#!/bin/sh\nexit 1\n")
    code, _, err = tree.run("demo")
    assert code == 1
    assert "cannot write in" in err
