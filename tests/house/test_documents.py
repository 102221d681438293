"""Every example in README and docs runs, and every link between the pages leads somewhere.

How a page is written so that it can be run:

- ```` ```python ```` blocks of one page run from top to bottom in one namespace. A block with ``>>>`` is a
  doctest: what it shows must come out, ``...`` stands for anything.
- ```` ```console ```` blocks hold commands after ``$ `` and, below each, lines that must come out in this
  order (other lines may lie between them; a ``...`` inside a line stands for anything; runs of spaces are
  one). ``jeoul`` and ``./jeoul`` start the installed program.
- All happens in one new folder per page that holds a copy of the shipped sample's files.
- A comment before a block says more: ``<!-- file: cell.toml -->`` writes the block to that file,
  ``<!-- exit code: 2 -->`` says that its commands end with that code and not with 0, and
  ``<!-- not run: why -->`` leaves it out.
- Blocks in other languages are not run, but shell commands must stand in ``console`` blocks.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
)
SHOWN_ONLY = {"", "text", "toml", "json", "csv", "yaml", "ini", "mermaid", "markdown"}
COMMANDS = {"jeoul", "./jeoul", "cat", "head", "ls", "cp", "mkdir", "python"}

_FENCE = re.compile(r"^(?P<indent> *)(?P<marks>`{3,})(?P<language>[\w-]*)[^`]*$")
_MARK = re.compile(r"<!--\s*(?P<word>not run|exit code|file):\s*(?P<value>.*?)\s*-->")
_LINK = re.compile(r"(?<!\\)!?\[[^\]]*\]\(\s*<?(?P<target>[^)\s>]+)>?[^)]*\)")


@dataclass(frozen=True)
class Block:
    """One fenced block: what it holds, where its first line stands, and what the comments before it say."""

    language: str
    text: str
    line: int
    file: str = ""
    not_run: str = ""
    exit_code: int = 0


def blocks_of(text: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    lines = text.splitlines()
    marks: dict[str, str] = {}
    number = 0
    while number < len(lines):
        if opened := _FENCE.match(lines[number]):
            end = _closing(lines, number, opened["marks"])
            yield _block(opened["language"], lines[number + 1 : end], number + 2, marks)
            marks, number = {}, end
        elif found := _MARK.search(lines[number]):
            marks[found["word"]] = found["value"] or "no reason"
        elif lines[number].strip():
            marks = {}
        number += 1


def _closing(lines: list[str], start: int, marks: str) -> int:
    for number in range(start + 1, len(lines)):
        if lines[number].strip() == marks:
            return number
    raise AssertionError(f"the block that starts in line {start + 1} has no end")


def _block(language: str, body: list[str], line: int, marks: dict[str, str]) -> Block:
    return Block(
        language=language,
        text=textwrap.dedent("\n".join(body)) + "\n",
        line=line,
        file=marks.get("file", ""),
        not_run=marks.get("not run", ""),
        exit_code=int(marks.get("exit code", 0)),
    )


def commands_of(block: Block) -> Iterator[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines shown below it."""
    command, shown, open_line = "", [], False
    for line in block.text.splitlines():
        if open_line:
            command, open_line = f"{command}\n{line.removeprefix('> ')}", line.endswith("\\")
        elif line.startswith("$ "):
            if command:
                yield command, shown
            command, shown, open_line = line[2:], [], line.endswith("\\")
        elif line.strip():
            assert command, f"line {block.line}: a console block starts with '$ '"
            shown.append(line)
    if command:
        yield command, shown


def missing_line(shown: list[str], printed: str) -> str | None:
    """The first shown line that did not come out after the ones before it, or None."""
    rest = iter([_plain(line) for line in printed.splitlines()])
    for line in shown:
        pattern = ".*".join(re.escape(part) for part in re.split(r"\.\.\.|…", _plain(line)))
        if not any(re.fullmatch(pattern, found) for found in rest):
            return line
    return None


def _plain(line: str) -> str:
    return " ".join(line.split())


class Desk:
    """Where one page runs: a folder with the sample's files, a namespace, and the program on PATH."""

    def __init__(self, folder: Path, page: str) -> None:
        self.folder = folder
        self.page = page
        self.names: dict[str, Any] = {"__name__": "__main__"}
        program = Path(sys.executable).with_name("jeoul")
        self.environment = {
            **os.environ,
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "COLUMNS": "120",
            "NO_COLOR": "1",
            "TERM": "dumb",
        }
        (folder / "jeoul").symlink_to(program)

    def run(self, block: Block) -> None:
        """Run or write out one block; any other language is only shown."""
        if block.not_run:
            return
        if block.file:
            (self.folder / block.file).write_text(block.text, "utf-8")
        if block.language == "python":
            self.run_python(block)
        elif block.language == "console":
            self.run_console(block)

    def run_python(self, block: Block) -> None:
        place = f"{self.page}:{block.line}"
        if ">>>" in block.text:
            self.run_doctest(block, place)
            return
        # Empty lines in front, so that a traceback shows the line of the page.
        code = compile("\n" * (block.line - 1) + block.text, self.page, "exec")
        exec(code, self.names)

    def run_doctest(self, block: Block, place: str) -> None:
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        example = doctest.DocTestParser().get_doctest(
            block.text, self.names, place, self.page, block.line - 1
        )
        example.globs = self.names  # the parser copies; the blocks of a page share one namespace
        said: list[str] = []
        done = doctest.DocTestRunner(optionflags=flags).run(example, out=said.append, clear_globs=False)
        assert not done.failed, "".join(said)

    def run_console(self, block: Block) -> None:
        for command, shown in commands_of(block):
            place = f"{self.page}:{block.line}: $ {command}"
            assert _can_be_run(command), (
                f"{place}\nonly {', '.join(sorted(COMMANDS))} are run; mark the block <!-- not run: why -->"
            )
            done = self.start(command)
            assert done.returncode == block.exit_code, f"{place}\nexit code {done.returncode}\n{done.stdout}"
            lost = missing_line(shown, done.stdout)
            assert lost is None, f"{place}\ndoes not show: {lost}\nbut:\n{done.stdout}"

    def start(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )


def _can_be_run(command: str) -> bool:
    """The tests that the launcher starts would start these again."""
    return command.split()[0] in COMMANDS and not command.startswith("./jeoul test")


def _has_examples(page: str) -> bool:
    return any(b.language in ("python", "console") for b in blocks_of((ROOT / page).read_text("utf-8")))


@pytest.mark.parametrize("page", [page for page in PAGES if _has_examples(page)])
def test_the_examples_run(page: str, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(sample, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path, page)
    for block in blocks_of((ROOT / page).read_text("utf-8")):
        desk.run(block)


@pytest.mark.parametrize("page", PAGES)
def test_no_example_escapes(page: str) -> None:
    """A block in a language that is neither run nor known to be only for show would never be checked."""
    odd = [
        f"line {block.line}: {block.language}"
        for block in blocks_of((ROOT / page).read_text("utf-8"))
        if block.language not in SHOWN_ONLY | {"python", "console"} and not block.not_run
    ]
    assert odd == [], "write commands in a console block, after '$ '"
    assert not any(b.not_run == "no reason" for b in blocks_of((ROOT / page).read_text("utf-8")))


def _anchors(text: str) -> set[str]:
    """The anchors of a page's headings as GitHub and as Python-Markdown make them."""
    without_code = re.sub(r"^( *)(`{3,}).*?^\1\2", "", text, flags=re.M | re.S)
    anchors = set(re.findall(r'(?:id|name)="([^"]+)"', without_code))
    for heading in re.findall(r"^#+\s+(.*?)\s*#*$", without_code, flags=re.M):
        bare = re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading)
        github = re.sub(r"[^\w\- ]", "", bare.lower()).replace(" ", "-")
        mkdocs = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", bare).strip().lower())
        anchors |= {github, mkdocs}
    return anchors


def _broken(page: Path) -> Iterator[str]:
    text = re.sub(r"^( *)(`{3,}).*?^\1\2", "", page.read_text("utf-8"), flags=re.M | re.S)
    for target in (match["target"] for match in _LINK.finditer(re.sub(r"`[^`\n]*`", "", text))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        if not place.exists():
            yield f"{target}: there is no {place.name}"
        elif anchor and place.suffix == ".md" and anchor not in _anchors(place.read_text("utf-8")):
            yield f"{target}: {place.name} has no such heading"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    assert list(_broken(ROOT / page)) == []


def test_the_site_builds_and_loads_nothing_from_outside(tmp_path: Path) -> None:
    """Strict: a link to nowhere is an error. And a laboratory may read the pages offline."""
    mkdocs = Path(sys.executable).with_name("mkdocs")
    if not mkdocs.exists():
        pytest.skip("mkdocs is not installed (pip install 'jeoul[test]')")
    command = [str(mkdocs), "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loads = re.compile(r'<(?:script|img|link|iframe)[^>]*(?:src|href)="?(?:https?:)?//[^>]*>')
    outside = {
        match[0]
        for page in (tmp_path / "site").rglob("*.html")
        for match in loads.finditer(page.read_text("utf-8"))
        if 'rel="canonical"' not in match[0]
    }
    assert outside == set()


# The machinery itself, on a page whose end is known.


def _run(text: str, folder: Path) -> Desk:
    desk = Desk(folder, "page.md")
    for block in blocks_of(text):
        desk.run(block)
    return desk


def test_python_blocks_share_one_namespace(tmp_path: Path) -> None:
    desk = _run("```python\na = 2\n```\nthen\n```python\n>>> a + 1\n3\n>>> b = a\n```\n", tmp_path)
    assert desk.names["b"] == 2


def test_a_doctest_that_shows_another_number_fails(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="Expected"):
        _run("```python\n>>> 1 + 1\n3\n```\n", tmp_path)


def test_a_block_that_is_marked_is_left_out(tmp_path: Path) -> None:
    block = "```python\n1 / 0\n```\n"
    _run(f"<!-- not run: needs a cycler -->\n\n{block}", tmp_path)
    with pytest.raises(ZeroDivisionError):
        _run(f"<!-- not run: speaks of this sentence -->\nand of this\n{block}", _fresh(tmp_path))


def test_a_block_with_a_file_name_is_there_for_the_commands(tmp_path: Path) -> None:
    page = "<!-- file: a.toml -->\n```toml\nx = {}\n```\n\n```console\n$ cat a.toml\nx = 1\n```\n"
    _run(page.format(1), tmp_path)
    with pytest.raises(AssertionError, match="does not show: x = 1"):
        _run(page.format(2), _fresh(tmp_path))


def _fresh(folder: Path) -> Path:
    (folder / "again").mkdir()
    return folder / "again"


def test_a_command_must_end_with_the_code_that_the_page_says(tmp_path: Path) -> None:
    _run("<!-- exit code: 1 -->\n```console\n$ cat nothing.csv\n...No such file...\n```\n", tmp_path)
    with pytest.raises(AssertionError, match="exit code 1"):
        _run("```console\n$ cat nothing.csv\n```\n", _fresh(tmp_path))


def test_a_command_that_cannot_be_run_must_be_marked(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="mark the block"):
        _run("```console\n$ git clone x\n```\n", tmp_path)


def test_shown_lines_must_come_in_their_order() -> None:
    printed = "capacity   1.9434 Ah\nother\nverdict fail\n"
    assert missing_line(["capacity 1.9434 Ah", "verdict fail"], printed) is None
    assert missing_line(["verdict fail", "capacity 1.9434 Ah"], printed) == "capacity 1.9434 Ah"
    assert missing_line(["capacity 1.9... Ah"], printed) is None
    assert missing_line(["capacity 2... Ah"], printed) == "capacity 2... Ah"


def test_a_long_command_goes_on_after_a_backslash() -> None:
    block = Block("console", "$ cat a \\\n    b\nshown\n$ ls\n", 1)
    assert list(commands_of(block)) == [("cat a \\\n    b", ["shown"]), ("ls", [])]


def test_links_are_checked_with_their_headings(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(
        "# One `x` two\n\n한국어\n\n## 저울 쓰기\n[a](#one-x-two) [b](b.md) [c](#none) [d](#저울-쓰기)\n",
        "utf-8",
    )
    assert list(_broken(page)) == ["b.md: there is no b.md", "#none: a.md has no such heading"]
