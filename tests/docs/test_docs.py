"""The pages are true: commands are commands, links lead somewhere, files are there, what is made from code is as made.

BRUME_REWRITE=1 in the environment writes made pages and excerpts anew (then read the diff).
"""

from __future__ import annotations

import os
import pkgutil
import re
from pathlib import Path

import pytest

import brume
from brume.cli.paths import Paths
from brume.service.settings import Settings
from tests.docs import shell
from tests.docs.excerpts import excerpts
from tests.docs.markdown import ROOT, anchors, blocks, excerpts_of, exists, links, pages, paths, with_excerpts
from tests.docs.pages import PAGES

REWRITE = bool(os.environ.get("BRUME_REWRITE"))
ADVICE = "made anew by: BRUME_REWRITE=1 python -m pytest tests/docs"
DECISIONS = ROOT / "docs" / "decisions"
every_page = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


@pytest.mark.parametrize("name", PAGES)
def test_made_pages_are_as_made(name: str) -> None:
    page, text = ROOT / name, PAGES[name]()
    if REWRITE:
        page.write_text(text)
    assert page.read_text() == text, ADVICE


@every_page
def test_excerpts_are_what_a_running_cloud_gives(page: Path) -> None:
    text = page.read_text()
    if not excerpts_of(text):
        return
    if REWRITE:
        page.write_text(with_excerpts(text, excerpts()))
    for name, excerpt in excerpts_of(page.read_text()).items():
        assert excerpt == excerpts()[name], ADVICE


@every_page
def test_commands_are_commands(page: Path) -> None:
    for block in blocks(page.read_text()):
        if block.language in ("bash", "sh", "shell", "console"):
            try:
                shell.check(block.text)
            except shell.Wrong as error:
                pytest.fail(f"{page.name}:{block.line}: {error}")


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page.read_text()):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target.read_text()), f"{page.name}: {link}"


@every_page
def test_named_files_are_there(page: Path) -> None:
    missing = [path for path in paths(page.read_text()) if not exists(path, page)]
    assert not missing, page.name


@every_page
def test_stories_in_pages_are_understood(page: Path) -> None:
    from tests.stories.language import understand
    from tests.stories.story import stories

    for story in stories(page.read_text()):
        for sentence in story.sentences:
            understand(sentence)


@every_page
def test_a_page_is_found_from_another(page: Path) -> None:
    if page.parent == ROOT:
        return
    linked = {(one.parent / link.partition("#")[0]).resolve() for one in pages() for link in links(one.read_text())}
    assert page.resolve() in linked, f"no page links to {page.relative_to(ROOT)}"


def test_decisions_have_a_number_each() -> None:
    numbers = [int(path.name[:4]) for path in sorted(DECISIONS.glob("[0-9]*.md"))]
    assert numbers == sorted(set(numbers)), "two decisions have one number"
    for path in DECISIONS.glob("[0-9]*.md"):
        assert path.read_text().startswith(f"# {int(path.name[:4])}. "), path.name


def test_every_file_of_the_data_directory_is_described() -> None:
    text = (ROOT / "docs" / "reference" / "settings.md").read_text()
    directory = Path("/state")
    for path in vars(Paths(directory)).values():
        assert path == directory or f"`{path.name}" in text, path.name


def test_every_setting_is_described() -> None:
    text = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert not [name for name in Settings.__struct_fields__ if f"`{name}`" not in text]


def test_the_page_of_the_package_has_every_room() -> None:
    rooms = [module.name for module in pkgutil.iter_modules(brume.__path__) if module.ispkg]
    for text in (str(brume.__doc__), (ROOT / "README.md").read_text()):
        assert not [room for room in rooms if not re.search(rf"\b{room}\b", text)]


def test_the_readme_shows_proofs_of_the_demo() -> None:
    shown = re.findall(r"proved: (.+)", (ROOT / "README.md").read_text())
    demo = (ROOT / "scripts" / "demo").read_text()
    assert shown
    assert not [claim for claim in shown if f'"{claim}"' not in demo]


def test_a_wrong_command_is_found() -> None:
    for script in (
        "brume up --node 3",
        "brume exec vm1",
        "openstack netwrk create x",
        "scripts/no",
        "python -m brume.x.y",
    ):
        with pytest.raises(shell.Wrong):
            shell.check(script)
