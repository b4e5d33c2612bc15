"""Titles of our own and the forms that people's tools write: what a path says is known before it is
built, so that no parser has a say in the truth.

In a form, {t} is the title, {y} the year, {s} and {e} season and episode as numbers, {ss} and {ee}
with two digits, {d} the title with dots for spaces.
"""

TITLES = (
    "Harbour Lights", "The Quiet Orchard", "Grey Sparrow Lane", "Ash & Ember", "O'Brien's Fleet",
    "Kestrel - Northern Watch", "Kestrel - Southern Watch", "Doctor No One", "Mr. Pemberton",
    "S.H.O.R.E.", "SS-KV", "Wage es morgen", "French Lessons", "Russian Winter Doll",
    "German for Beginners", "Käpt'n Brösel", "Straßen von Köln", "Élan Vital", "Niños del Río",
    "Źródło Światła", "24", "86", "1923", "9-1-1", "The 100", "Area 51 Diaries", "Room 104",
    "Northern Line (UK)", "Northern Line (US)", "Part Two", "Multi", "Hd", "Extended Family",
    "Real Proper Limited", "Тихий берег", "Місто вогнів", "潮騒の町", "進む巨人", "海边的灯塔",
    "黃昏之城", "바다의 등불", "مدينة البحر", "עיר האורות", "เมืองแสงดาว", "Φάρος του Βορρά",
    "समुद्र का दीप",
)  # fmt: skip

# Each with how season and episode are known: from the form alone, unless it names its own.
EPISODES = {
    "sonarr": "{t} ({y}) [tvdbid-71234]/Season {ss}/{t} ({y}) - S{ss}E{ee} - The Letter.strm",
    "jellyfin": "{t} ({y})/Season {ss}/{t} S{ss}E{ee}.strm",
    "plex": "TV Shows/{t} ({y}) {{tvdb-71234}}/Season {ss}/{t} ({y}) - s{ss}e{ee} - Two.strm",
    "crosses": "{t}/Season {s}/{t} - {s}x{ee} - The Letter.strm",
    "bare crosses": "{t} ({y})/Season {s}/{s}x{ee}.strm",
    "only the mark": "{t}/Season {ss}/S{ss}E{ee}.strm",
    "german": "{t}/Staffel {s}/{t} - Staffel {s} Folge {e}.strm",
    "german ordinals": "{t}/{s}. Staffel/Folge {e}.strm",
    "french": "{t}/Saison {s}/{t} - Saison {s} Épisode {e}.strm",
    "spanish": "{t}/Temporada {s}/{t} - Temporada {s} Episodio {e}.strm",
    "italian": "{t}/Stagione {s}/{t} - Stagione {s} Episodio {e}.strm",
    "russian": "{t}/Сезон {s}/{t} - {s} сезон {e} серия.strm",
    "chinese": "{t}/第{s}季/{t} 第{s}季 第{e}集.strm",
    "japanese": "{t}/第{s}期/第{e}話.strm",
    "korean": "{t}/시즌 {s}/{t} 시즌 {s} {e}화.strm",
    "turkish": "{t}/Sezon {s}/{t} - Sezon {s} Bölüm {e}.strm",
    "arabic": "{t}/الموسم {s}/{t} الموسم {s} الحلقة {e}.strm",
    "numbers": "{t} ({y})/Season {ss}/{ee} - The Letter.strm",
    "number alone": "{t}/Season {ss}/{ee}.strm",
    "number in the end": "{t}/Season {ss}/{t} - {ee}.strm",
    "version": "{t}/Season {ss}/{t} - S{ss}E{ee}v2 - The Letter.strm",
    "short folder": "{t}/S{ss}/E{ee}.strm",
    "title in the folder": "{t}/{t} Season {s}/{t} S{ss}E{ee} [1080p].strm",
    "flat": "{t} - S{ss}E{ee} - The Letter.strm",
    "shelf": "Serien/{t} ({y})/Season {ss}/{t} ({y}) S{ss}E{ee} - 1080p WEB-DL.strm",
    "video extension": "{t}/Season {ss}/{t} - S{ss}E{ee}.mkv.strm",
}
RELEASES = {
    "release": "{d}.S{ss}E{ee}.1080p.WEB-DL.DD5.1.H.264-GRP.strm",
    "dubbed release": "{d}.S{ss}E{ee}.The.Letter.German.DL.720p.BluRay.x264-GRP.strm",
    "release in its folder": "{d}.S{ss}.1080p.WEB-GRP/{d}.S{ss}E{ee}.1080p.WEB-GRP.strm",
    "apart": "{d}.S{ss}.E{ee}.720p.strm",
}
# Without a folder for the season it is the first one.
ABSOLUTE = {
    "fansub": "{t}/[GRP] {t} - {eee} [1080p][A1B2C3D4].strm",
    "fansub, no folder": "[GRP] {t} - {eee} (1080p) [A1B2C3D4].strm",
    "dash": "{t}/{t}-{e}.strm",
    "padded": "{t} ({y})/{t} ({y}) - {eee}.strm",
    "brackets": "{t}/[GRP][{t}][{ee}][1080P].strm",
}
FILMS = {
    "folder": "{t} ({y})/{t} ({y}).strm",
    "radarr": "{t} ({y}) {{imdb-tt0912345}}/{t} ({y}) [Bluray-1080p][DTS 5.1][x264]-GRP.strm",
    "jellyfin film": "Filme/{t} ({y}) [tmdbid-1234]/{t} ({y}) [tmdbid-1234] - 2160p.strm",
    "emby": "Movies/{t} ({y}) [tmdbid=1234]/{t} ({y}).strm",
    "flat film": "Movies/{t} ({y}).strm",
    "lazy name": "Movies/{t} ({y})/film.strm",
    "collection": "Movies/The Whole Collection/{t} ({y})/{t} ({y}).strm",
    "quality": "Movies/{t} ({y}) [1080p] [WEBRip].strm",
    "film with video extension": "Movies/{t} ({y}).mkv.strm",
}
