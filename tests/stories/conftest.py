"""Makes pytest collect Markdown files: each `## ` section with a `story` block is a test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.api import Refused
from tests.stories.language import understand
from tests.stories.story import Sentence, Story, StoryError, stories
from tests.stories.world import World


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> StoryFile | None:
    """A Markdown file here is a file of stories."""
    if file_path.suffix == ".md" and file_path.parent == Path(__file__).parent:
        return StoryFile.from_parent(parent, path=file_path)
    return None


class StoryFile(pytest.File):
    """A file of stories."""

    def collect(self) -> Any:
        """Its stories."""
        for story in stories(self.path.read_text()):
            yield StoryTest.from_parent(self, name=story.title, story=story)


class StoryTest(pytest.Item):
    """A story as a test."""

    def __init__(self, *, story: Story, **more: Any) -> None:
        super().__init__(**more)
        self.story = story
        self.said = ""

    def runtest(self) -> None:
        """Tell the story to a new cloud; what it says of the cloud must be so."""
        told = [(one, understand(one)) for one in self.story.sentences]
        factory = self.config._tmp_path_factory  # type: ignore[attr-defined]
        world = World(new_cloud(factory))
        try:
            tell(world, told)
        finally:
            self.said = world.said()
            world.close()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Where the story does not hold, and what the last command said."""
        error = excinfo.value
        if not isinstance(error, StoryError):
            return super().repr_failure(excinfo, style)
        told = next((one.text for one in self.story.sentences if one.line == error.line), "")
        said = f"\nthe last command said:\n{self.said}" if self.said else ""
        return f"{self.path}:{error.line}: {told}\n{error}{said}"

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, self.story.line - 1, f"story: {self.name}"


@pytest.fixture
def new_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], World]]:
    """Makes worlds of new clouds."""
    made: list[World] = []

    def make() -> World:
        made.append(World(new_cloud(tmp_path_factory)))
        return made[-1]

    yield make
    for world in made:
        world.close()


def tell(world: World, told: list[tuple[Sentence, Any]]) -> None:
    """Do what the sentences say, in order; a refusal must be expected by the next one."""
    for one, act in told:
        if world.refusal is not None and not one.text.startswith("is refused"):
            raise StoryError(one.line, f"before this: {world.refusal}")
        try:
            act(world)
        except AssertionError as error:
            raise StoryError(one.line, str(error)) from error
        except Refused as error:
            world.refusal = error
    last = told[-1][0].line
    if world.refusal is not None:
        raise StoryError(last, str(world.refusal))
    if problems := world.cloud.problems():
        raise StoryError(last, f"not everything could be derived: {problems}")


def new_cloud(factory: pytest.TempPathFactory) -> Path:
    """A data directory of a new cloud: a copy of one made once, because hashing passwords takes its time."""
    template = factory.getbasetemp() / "a-new-cloud"
    if not template.exists():
        World(template).close()
    directory = factory.mktemp("cloud")
    shutil.copytree(template, directory, dirs_exist_ok=True)
    return directory
