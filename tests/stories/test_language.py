"""The language of stories itself: what is not understood is said with its line; what is written about it is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories import language
from tests.stories.conftest import tell
from tests.stories.story import Sentence, StoryError, stories

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.md"))


def block(*lines: str) -> str:
    return "\n".join(["# File", "## Story", "prose", "```story", *lines, "```", ""])


def test_a_story_is_read_with_its_lines_and_background() -> None:
    background = "# File\n```story\nGiven a   b\n```\n"
    text = background + "## One\n```story\nWhen c # remark\n\n     d\n```\n## No story\n```sh\nx\n```"
    (story,) = stories(text)
    assert story.title == "One"
    assert story.line == 5
    assert story.sentences == (Sentence(3, "Given", "a b"), Sentence(7, "When", "c"), Sentence(9, "When", "d"))


def test_a_line_without_a_keyword_is_refused() -> None:
    with pytest.raises(StoryError, match="begins with one of Given, When, Then") as caught:
        stories(block("Given x", "Also y"))
    assert caught.value.line == 6


def test_a_block_that_is_not_closed_is_refused() -> None:
    with pytest.raises(StoryError, match="not closed"):
        stories("## One\n```story\nGiven x")


def test_a_sentence_that_is_not_there_is_answered_with_those_that_are() -> None:
    (story,) = stories(block("Then vm1 is happy"))
    with pytest.raises(StoryError, match="no such sentence after Then: vm1 is happy") as caught:
        language.understand(story.sentences[0])
    assert caught.value.line == 5
    assert "    succeeds\n" in str(caught.value)
    assert "network NAME" not in str(caught.value)


def failing(world, *lines: str) -> StoryError:
    (story,) = stories(block(*lines))
    with pytest.raises(StoryError) as caught:
        tell(world, [(one, language.understand(one)) for one in story.sentences])
    return caught.value


def test_what_is_not_so_fails_at_its_line(new_world) -> None:
    error = failing(
        new_world(),
        "Given network blue 10.0.0.0/24",
        "      server vm1 in blue",
        "When  vm1: ping -c 1 -W 1 10.0.0.99",
        "Then  fails",
        "      succeeds",
    )
    assert error.line == 9
    assert str(error) == "the command failed (exit code 1)"


def test_a_refusal_nobody_expected_fails(new_world) -> None:
    error = failing(new_world(), "Given network blue 10.0.0.0/24 with mtu=1", "When delete network blue")
    assert "was refused: 409 MTU" in str(error)
    error = failing(new_world(), "Given network blue 10.0.0.0/24", "Then is refused with 409")
    assert str(error) == "it was not refused"
    error = failing(new_world(), "When network blue 10.0.0.0/33")
    assert "was refused: 400" in str(error)


def test_names_that_are_not_there_are_said(new_world) -> None:
    error = failing(new_world(), "Given network blue", "When router r joins green")
    assert "there is no green; there are blue" in str(error)
    error = failing(new_world(), "Given network blue", "Given server vm1 in red")
    assert "there is no network red" in str(error)


@pytest.mark.parametrize("keyword", ["Given", "Then"])
def test_every_sentence_is_told_in_some_story_and_written_in_the_readme(keyword: str) -> None:
    told = [one for file in FILES for story in stories(file.read_text()) for one in story.sentences]
    readme = (HERE / "README.md").read_text()
    written = readme.partition(f"## Sentences after {keyword}")[2].partition("\n")[2].partition("\n## ")[0]
    known = list(language.vocabulary(keyword))
    assert [line.strip() for line in written.splitlines() if line.strip()] == known, "rewrite this part of the README"
    for phrase in language.TABLE:
        if keyword in phrase.keywords:
            used = any(phrase.expression.fullmatch(one.text) for one in told if one.keyword in phrase.keywords)
            assert used, f"no story says: {phrase.pattern}"
