"""What each version of Sonarr and Radarr sends, from the fields of their public payload classes.

Sonarr: WebhookSeries, WebhookEpisodeFile, WebhookRenamedEpisodeFile, WebhookImportPayload,
WebhookImportCompletePayload, WebhookEpisodeDeletePayload, WebhookSeriesDeletePayload; Radarr: the
same of films. Their JSON leaves out what is null; names are in camel case, events in Pascal case.
"""

from typing import Any

from strmctl.domain.library.arr_event import Sender

Payload = dict[str, Any]

SHOW, FILM = "/tv/The Show (2020)", "/films/The Film (2021)"
EPISODE, RENAMED = "Season 01/The Show S01E01.strm", "Season 01/The Show - S01E01 - One.strm"
MOVIE, RENAMED_MOVIE = "The Film (2021).strm", "The Film (2021) WEBDL-1080p.strm"

SONARR, RADARR = ("3.0.0", "3.0.10", "4.0.15", "5.0.0"), ("3.0.0", "4.7.5", "5.27.5", "6.4.4")
EVENTS = ("Download", "Upgrade", "Rename", "FileDelete", "Delete")


def payload(sender: Sender, version: str, event: str) -> Payload:
    """`Upgrade` is a Download that replaces a file; `FileDelete` and `Delete` are of the sender."""
    made = _sonarr(version, event) if sender is Sender.SONARR else _radarr(version, event)
    major = int(version.split(".")[0])
    # InstanceName came with 3.0.9 and 4.2, ApplicationUrl with 4 of each.
    instance = {"instanceName": sender.value.title()} if version not in ("3.0.0",) else {}
    return made | instance | ({"applicationUrl": ""} if major >= 4 else {})


def without_a_file(event: str = "EpisodeFileDelete") -> Payload:
    """Of the first Sonarr 3: its class had no EpisodeFile and no DeleteReason."""
    return {"eventType": event, "series": _series("3.0.0"), "episodes": [_episode("3.0.0")]}


def import_complete(version: str = "4.0.15") -> Payload:
    """Sonarr 4 and later: a Download of many files, beside those of each file."""
    files = [_episode_file(version, path) for path in (EPISODE, RENAMED)]
    return {
        "eventType": "Download",
        "series": _series(version),
        "episodes": [_episode(version)],
        "episodeFiles": files,
        "fileCount": len(files),
        "sourcePath": "/downloads/The.Show.S01",
        "destinationPath": f"{SHOW}/Season 01",
        "release": {"releaseTitle": "The.Show.S01", "indexer": "an indexer", "size": 1},
    }


def _sonarr(version: str, event: str) -> Payload:
    file, major = _episode_file(version, EPISODE), int(version[0])
    made: Payload
    about: Payload = {"series": _series(version), "episodes": [_episode(version)]}
    match event:
        case "Download" | "Upgrade":
            is_upgrade = event == "Upgrade"
            more = {"customFormatInfo": {"customFormats": [], "customFormatScore": 0}}
            replaced = [_episode_file(version, RENAMED, "recycleBinPath")] if is_upgrade else None
            made = {"eventType": "Download", "isUpgrade": is_upgrade, "episodeFile": file}
            made |= about | ({"deletedFiles": replaced} if replaced else {})
            return made | (more if major >= 4 else {})
        case "Rename":
            # The first Sonarr 3 named the series alone.
            if version == "3.0.0":
                return {"eventType": "Rename", "series": _series(version)}
            renamed = _episode_file(version, RENAMED) | {
                "previousRelativePath": EPISODE,
                "previousPath": f"{SHOW}/{EPISODE}",
            }
            listed = {"renamedEpisodeFiles": [renamed]}
            return {"eventType": "Rename", "series": _series(version), **listed}
        case "FileDelete":
            # Sonarr 3 sent its own model of the file, which often has no path.
            file = file if major > 3 else {**file, "path": None, "seriesId": 1, "seasonNumber": 1}
            reason = "manual" if version != "3.0.0" else "upgrade"
            return {"eventType": "EpisodeFileDelete", "episodeFile": file, **about} | {
                "deleteReason": reason
            }
    made = {"eventType": "SeriesDelete", "series": _series(version)}
    return made | {"deletedFiles": True}


def _series(version: str) -> Payload:
    major = int(version[0])
    series: Payload = {"id": 1, "title": "The Show", "path": SHOW, "tvdbId": 81189}
    series |= {"tvMazeId": 169, "imdbId": "tt0903747", "type": "standard"}
    if major >= 4:
        series |= {"titleSlug": "the-show", "tmdbId": 1396, "year": 2020, "tags": [], "genres": []}
        series |= {"images": [{"coverType": "poster", "url": "/x", "remoteUrl": "https://x/"}]}
    return series | ({"originalLanguage": {"id": 1, "name": "English"}} if major >= 5 else {})


def _episode(version: str) -> Payload:
    episode: Payload = {"id": 7, "episodeNumber": 1, "seasonNumber": 1, "title": "One"}
    if version[0] != "3":
        episode |= {"overview": "", "airDate": "2020-01-01", "seriesId": 1, "tvdbId": 5}
    return episode


def _episode_file(version: str, path: str, *more: str) -> Payload:
    major = int(version[0])
    file: Payload = {"id": 9, "relativePath": path, "path": f"{SHOW}/{path}"}
    file |= {"quality": "WEBDL-1080p", "qualityVersion": 1, "releaseGroup": "G", "size": 120}
    if major >= 4:
        file |= {"dateAdded": "2026-01-01T00:00:00Z", "mediaInfo": {"height": 0, "width": 0}}
        file |= dict.fromkeys(more, "/recycle/old.strm")
    return file | ({"sourcePath": "/downloads/x.strm", "languages": []} if major >= 5 else {})


def _radarr(version: str, event: str) -> Payload:
    made: Payload
    file, movie = _movie_file(version, MOVIE), _movie(version)
    remote = {"tmdbId": 603, "imdbId": "tt0133093", "title": "The Film", "year": 2021}
    match event:
        case "Download" | "Upgrade":
            is_upgrade = event == "Upgrade"
            made = {"eventType": "Download", "movie": movie, "remoteMovie": remote}
            made |= {"movieFile": file, "isUpgrade": is_upgrade}
            replaced = {"deletedFiles": [_movie_file(version, RENAMED_MOVIE)]}
            return made | (replaced if is_upgrade else {})
        case "Rename":
            if version == "3.0.0":
                return {"eventType": "Rename", "movie": movie}
            previous = {"previousRelativePath": MOVIE, "previousPath": f"{FILM}/{MOVIE}"}
            renamed = [_movie_file(version, RENAMED_MOVIE) | previous]
            return {"eventType": "Rename", "movie": movie, "renamedMovieFiles": renamed}
        case "FileDelete":
            made = {"eventType": "MovieFileDelete", "movie": movie, "movieFile": file}
            return made | {"deleteReason": "manual"}
    made = {"eventType": "MovieDelete", "movie": movie, "deletedFiles": True}
    return made | ({"movieFolderSize": 120} if version != "3.0.0" else {})


def _movie(version: str) -> Payload:
    movie: Payload = {"id": 1, "title": "The Film", "year": 2021, "releaseDate": "2021-01-01"}
    movie |= {"folderPath": FILM, "tmdbId": 603, "imdbId": "tt0133093"}
    if version.startswith("3"):
        return movie | {"filePath": f"{FILM}/{MOVIE}"}
    return movie | {"overview": "", "tags": [], "genres": [], "images": []}


def _movie_file(version: str, path: str) -> Payload:
    file: Payload = {"id": 9, "relativePath": path, "quality": "WEBDL-1080p", "size": 120}
    file |= {"qualityVersion": 1, "releaseGroup": "G", "indexerFlags": "0"}
    # The model's own Path was empty in many events of Radarr 3 and 4.
    if int(version[0]) >= 5:
        file |= {"path": f"{FILM}/{path}", "dateAdded": "2026-01-01T00:00:00Z", "mediaInfo": {}}
    return file
