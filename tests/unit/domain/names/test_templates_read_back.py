"""What `[naming]` writes, `import` reads: the same title, season, episode, year and ids."""

import pytest

from strmctl.domain.identity import Identity
from strmctl.domain.library.file_name import read, slug
from strmctl.domain.library.library_path import Naming, paths
from strmctl.domain.library.naming import Templates
from unit.domain.names import form_table as table

TEMPLATES = {
    "as it comes": Templates(),
    "Sonarr's standard": Templates(
        series="{Series Title} ({Series Year})",
        episode="{Series Title} - S{season:00}E{episode:00} - {Episode Title} {Quality Full}",
    ),
    "Sonarr with ids": Templates(
        series="{Series TitleYear} [tvdbid-{TvdbId}]",
        episode="{Series TitleYear} - S{season:00}E{episode:00}{ - Episode Title}{ [Quality Full]}",
    ),
    "releases": Templates(
        episode="{Series.Title}.S{season:00}E{episode:00}.{Quality.Full}.{Release-Group} [STRM]",
    ),
    "releases without season folders": Templates(
        season="", episode="{Series.Title}.S{season:00}E{episode:00}.{Quality.Full}-{Release Group}"
    ),
    "crosses": Templates(
        season="Season {season}", episode="{Series Title} - {season}x{episode:00}{ - Episode Title}"
    ),
    "numbers alone": Templates(episode="S{season:00}E{episode:00}"),
    "Staffel": Templates(
        season="Staffel {season}", episode="{Series Title} S{season:00}E{episode:00}"
    ),
    "Plex": Templates(
        series="{Series Title} ({Series Year}) {tvdb-{TvdbId}}",
        season="Season {season:00}",
        episode="{Series Title} ({Series Year}) - s{season:00}e{episode:00}",
    ),
    "small letters": Templates(
        series="{Series Title} ({Series Year})",
        season="season {season:00}",
        episode="{series.title}.s{season:00}e{episode:00}.{quality.full}",
    ),
}
TITLES = sorted(table.TITLES)


@pytest.mark.parametrize("templates", [pytest.param(t, id=name) for name, t in TEMPLATES.items()])
@pytest.mark.parametrize("title", TITLES)
def test_an_episode_is_read_back(templates: Templates, title: str) -> None:
    identity = Identity("a.to", "x", "de", 3, 12)
    naming = Naming(
        title=title,
        year=2019,
        tvdb_id="81797",
        quality="1080p.WEB-DL",
        release_group="GERMAN-SITE",
    )
    found = read(paths(identity, naming, templates)[0])
    assert (found.season, found.episode) == (3, 12)
    assert slug(found.title or "", None) == slug(title, None)
    assert found.year in (2019, None)
