"""The words by which names count, sort and describe: seasons, episodes, releases, shelves."""

import re

SEASON = (
    "season|staffel|saison|temporada|temp|stagione|seizoen|sezonul|sezona|sezóna|sezon|série|serie|"
    "series|säsong|sæson|sesong|kausi|évad|сезон|σεζόν|الموسم|موسم|עונה|ซีซั่น|ซีซัน|シーズン|시즌|"
    "mùa|musim"
)
EPISODE = (
    "episodes?|episodul|épisode|episodio|episódio|epizoda|epizód|eps?|folge|capítulo|capitulo|puntata|"
    "aflevering|odcinek|odc|díl|dil|bölüm|bolum|avsnitt|afsnit|jakso|rész|серия|серія|эпизод|"
    "выпуск|επεισόδιο|الحلقة|حلقة|פרק|ตอนที่|ตอน|エピソード|에피소드|tập"
)
SEASON_BEHIND = "season|staffel|sezon|évad|kausi|сезон|stagione|temporada|saison|기"
EPISODE_BEHIND = "folge|bölüm|bolum|jakso|rész|серия|серія|выпуск|화|회|話|话|集"
SPECIALS = frozenset(
    "special specials extras-and-specials especiales spéciaux speciali speciales ova ovas oad "
    "sp sps 特别篇 特別篇 特典 番外 番外篇 "
    "スペシャル 스페셜 спешлы спецвыпуски season0 s00 s0".split()
)

# Folders that sort a library and name no series; "Serien/Anime/Naruto S01E01".
SHELVES = frozenset(
    "netflix amazon prime disney disney+ hbo hulu apple paramount crunchyroll sky joyn "
    "movies movie films film filme kinofilme spielfilme cinema peliculas películas series "
    "serien séries serie shows tv tvshows tvseries tv-shows tv-series anime animes "
    "animation cartoons cartoon kids kinder documentaries documentary doku dokus "
    "dokumentationen docs drama dramas kdrama k-drama jdrama cdrama media videos video "
    "library bibliothek strm strms streams streaming vod downloads complete completed neu "
    "new unsorted other misc fsk12 fsk18 4k uhd hd sd de en ger eng german english french "
    "deutsch englisch foreign action comedy horror thriller scifi sci-fi crime fantasy "
    "romance western 电影 電影 电视剧 電視劇 剧集 影集 动漫 動漫 动画 動畫 番剧 纪录片 "
    "综艺 国产剧 欧美剧 日韩剧 日番 国漫 アニメ 映画 ドラマ 영화 드라마 애니 фильмы "
    "сериалы аниме мультфильмы أفلام مسلسلات סרטים סדרות ภาพยนตร์ ซีรีส์".split()
)

_STRONG = (
    r"\d{3,4}x\d{3,4}|(?:hd|bd|tc|ts|hc|web|dvd)?(?:480|540|576|720|1080|1440|2160|4320)[pi]\d{0,2}|[48]k|uhd|uhdtv|ultra-?hd|fhd|qhd|hdtv|pdtv|"
    r"dsr|satrip|tvrip|web|web-?dl|web-?rip|web-?hd|webcap|blu-?ray|bd-?rip|br-?rip|bd|bdmv|"
    r"bd25|bd50|dvd|dvd-?rip|dvd-?[59r]|dvdscr|vhs|vhs-?rip|(?:bd|br|dvd|web|hd)(?:rip)?mux|remux|hd-?rip|hd-?cam|telesync|"
    r"[xh][. ]?26[456]|hevc\d*|avc|xvid|divx|vp9|av1|mpeg-?[24]|aac(?:x?\d.*)?|ac3.*|e-?ac-?3.*|"
    r"dts.*|ddp?\d?.*|dd\+.*|truehd.*|atmos|flac(?:x?\d.*)?|opus|mp3|10-?bits?|8-?bits?|hi10p?|"
    r"hdr\d*\+?|hdr10plus|dovi|hlg|sdr|hsbs|hou|3d"
)
_WEAK = (
    r"proper|repack\d?|rerip|real|internal|limited|ws|dl|ml|dual|multi|vostfr|vost|"
    r"subfrench|dubbed|subbed|dub|subs?|omu|ov|synced|dirfix|nfofix|readnfo|retail|hardsub|ld|md|"
    r"softsub|amzn|nf|dsnp|hmax|max|atvp|hulu|cr|itunes|ituneshd|pcok|stan|hd|sd|mkv|mp4|"
    r"avi|m2ts|ts|hardcoded|hc|hq|hfr|\d\dfps|stv|ntsc|doku|batch|uncensored"
)
# "Madame Web", "Saw 3D", "Mr. Holland's Opus".
_TITLES_TOO = re.compile(r"web|3d|opus|dvd|hdr|sdr|hlg|hou|atmos|bd|mp3|avc", re.IGNORECASE)
_IS_STRONG = re.compile(rf"(?:{_STRONG})(?:-\w+)?", re.IGNORECASE)
_IS_RELEASE = re.compile(rf"(?:{_STRONG}|{_WEAK})(?:-\w+)?", re.IGNORECASE)

_VIDEO = re.compile(r"\.(?:mkv|mp4|m4v|avi|ts|m2ts|mov|wmv|flv|webm|mpe?g|m3u8)$", re.IGNORECASE)


def is_strong(word: str) -> bool:
    """Whether no title but a release is described by this word: resolution, source, codec."""
    return _IS_STRONG.fullmatch(word) is not None


def may_be_a_title_s(word: str) -> bool:
    """Of a strong one: whether a title may end in it as well."""
    return _TITLES_TOO.fullmatch(word) is not None


def is_release(word: str) -> bool:
    """Likewise, or by a word that a title may hold too: `proper`, `multi`, `hd`."""
    return _IS_RELEASE.fullmatch(word) is not None


def without_video_extension(stem: str) -> str:
    """`Film.mkv` of `Film.mkv.strm`, as rclone-like tools name their files."""
    return _VIDEO.sub("", stem)


def is_shelf(folder: str) -> bool:
    key = folder.casefold().strip()
    return key in SHELVES or "".join(key.split()) in SHELVES
