"""The coverage page in docs/ is what the code says."""

from pathlib import Path

from brume.apis.coverage import page
from brume.apis.services import services
from brume.cloud.catalogue import declarations
from brume.cloud.cloud import open_cloud

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


def test_the_page_is_up_to_date(tmp_path):
    cloud = open_cloud(tmp_path)
    text = page(services(cloud), declarations())
    cloud.close()
    assert "**GET**" in text
    assert PAGE.read_text() == text, "run: python -m brume.apis.coverage docs/coverage.md"
