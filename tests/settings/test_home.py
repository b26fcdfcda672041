"""home: the user's data directory, as the XDG specification says."""

from pathlib import Path

import pytest

from headgate.settings.home import data_home


@pytest.mark.parametrize(
    ("env", "found"),
    [
        ({"XDG_DATA_HOME": "/data", "HOME": "/home/u"}, "/data/headgate"),
        ({"HOME": "/home/u"}, "/home/u/.local/share/headgate"),
        ({"XDG_DATA_HOME": "", "HOME": "/home/u"}, "/home/u/.local/share/headgate"),
        ({"XDG_DATA_HOME": "relative", "HOME": "/home/u"}, "/home/u/.local/share/headgate"),
        ({"USERPROFILE": "/users/u"}, "/users/u/.local/share/headgate"),
        ({}, None),
        ({"HOME": ""}, None),
        ({"HOME": "relative"}, None),
    ],
)
def test_the_directory_is_the_first_that_the_environment_names(env, found):
    assert data_home(env) == (found and Path(found))
