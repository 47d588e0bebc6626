"""Files of a data directory: nobody else reads them, and nobody else may put some there."""

import pytest

from brume.cli.paths import Paths
from brume.service.ownership import owned, owner


def test_a_directory_where_everybody_may_write_is_refused(tmp_path):
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)
    with pytest.raises(PermissionError, match="everybody may write there"):
        Paths(place).ensure()
    place.chmod(0o700)
    Paths(place).ensure()


def test_a_new_directory_is_private(tmp_path):
    place = tmp_path / "new"
    Paths(place).ensure()
    assert place.stat().st_mode & 0o777 == 0o700


def test_directories_on_the_way_are_private_too(tmp_path):
    """The lab's usual directory lies in the cloud's, and may be there first."""
    Paths(tmp_path / "state" / "brume" / "ovn").ensure()
    for place in (tmp_path / "state", tmp_path / "state" / "brume", tmp_path / "state" / "brume" / "ovn"):
        assert place.stat().st_mode & 0o777 == 0o700


def test_the_process_writes_itself_down_in_a_file_of_its_own(tmp_path):
    paths = Paths(tmp_path)
    precious = tmp_path / "precious"
    precious.write_text("kept")
    paths.process_id.symlink_to(precious)
    with owned(paths):
        assert owner(paths) is not None
        assert paths.process_id.stat().st_mode & 0o777 == 0o600
    assert precious.read_text() == "kept"
