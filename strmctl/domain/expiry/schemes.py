"""How expiries are written into URLs: one row a scheme, each confirmed by a document or a sample.

A row holds when all its patterns do. The groups that they name say what was found:
`end…` when the URL expires, `issued…` when it was signed, `life…` how long after that it lives; a
suffix says how it is written. Times: none for an epoch in seconds or milliseconds, `_hex` for one
in hexadecimal, `_basic` for 20260204T171240Z, `_iso` for ISO 8601 (UTC where it does not say),
`_digits` for 20260204171240, `_cst` for the same, or 202602041712, in UTC+8, `_us` for
2/4/2026 5:12:40 PM. Lives: none for seconds, `_minutes`, `_unit` for 8h.

Vendors come and go, shapes stay: where several write the same, a row describes the shape, and the
parameter may be called whatever its owner likes.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field

Pattern = re.Pattern[str]


class Text(StrEnum):
    """What a text that a URL carries was found in."""

    JSON = "json"
    BASE64 = "base64"
    JWT = "jwt"


class Scheme(Struct, frozen=True):
    """`query` maps lower-case parameter names (`a|b`: one of them; `*`: any characters) to what the
    whole value must look like; the name "" stands for a parameter's name itself. `path` is searched
    for in the path, `text` in texts of one kind. `is_guess` marks names that mean other things
    elsewhere.
    """

    name: str
    query: Mapping[str, Pattern] = field(default_factory=dict)
    path: Pattern | None = None
    text: tuple[Text, Pattern] | None = None
    is_guess: bool = False


def _like(pattern: str) -> Pattern:
    return re.compile(pattern, re.ASCII | re.DOTALL)


_EPOCH = r"[1-4][0-9]{9}(?:[0-9]{3})?"
_HEX = r"[5-7][0-9A-Fa-f]{7}"
_MD5 = r"[0-9a-f]{32}"

_ANY = _like(r".+")
_END = _like(rf"(?P<end>{_EPOCH})")
_END_HEX = _like(rf"(?P<end_hex>{_HEX})")
_ISSUED = _like(rf"(?P<issued>{_EPOCH})")
_ISSUED_HEX = _like(rf"(?P<issued_hex>{_HEX})")
_ISSUED_BASIC = _like(r"(?P<issued_basic>[0-9]{8}T[0-9]{6}Z)")
_SECONDS = _like(r"(?P<life>[1-9][0-9]{0,6})")
_ISSUED_OR_HEX = _like(rf"(?P<issued>{_EPOCH})|(?P<issued_hex>{_HEX})")
_END_OR_HEX = _like(rf"(?P<end>{_EPOCH})|(?P<end_hex>{_HEX})")
_END_IN_ANY_FORM = _like(
    # Python's time.time() has a fraction.
    rf"(?P<end>{_EPOCH})(?:\.[0-9]+)?|(?P<end_hex>{_HEX})|(?P<end_basic>20[0-9]{{6}}T[0-9]{{6}}Z)"
    r"|(?P<end_iso>20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ].+)"
)
_EDGE_AUTH = _like(rf"(?:.*~)?exp=(?P<end>{_EPOCH})(?:~.*)?")
_DIGEST = r"[0-9A-Za-z+/_-]{16,}={0,2}"
_STAMPED = rf"(?:0x)?(?:(?P<end>{_EPOCH})|(?P<end_hex>{_HEX}))[_-](?:0x)?[0-9a-f]{{32,}}"

SCHEMES: Sequence[Scheme] = (
    # Hosters that AniBridge resolves to: s=1770225160&e=14400, four hours.
    Scheme("voe", {"s": _ISSUED, "e": _SECONDS, "t": _ANY}),
    # docs.aws.amazon.com: sigv4-query-string-auth. With temporary credentials it ends earlier.
    Scheme("aws-sigv4", {"x-amz-expires": _SECONDS, "x-amz-date": _ISSUED_BASIC}),
    # Alibaba's page on the same parameters calls X-Amz-Expires a Unix time.
    Scheme("aws-sigv4-epoch", {"x-amz-expires": _END, "x-amz-date": _ANY}),
    # aws-sdk-js, presign.js
    Scheme("aws-sigv2", {"awsaccesskeyid": _ANY, "expires": _END, "signature": _ANY}),
    # docs.cloud.google.com: signed-urls-v2; itch.io's download links
    Scheme("gcs-v2", {"googleaccessid": _ANY, "expires": _END, "signature": _ANY}),
    # cloud.google.com: signing-urls-with-helpers; Kaggle's download links
    Scheme("gcs-v4", {"x-goog-expires": _SECONDS, "x-goog-date": _ISSUED_BASIC}),
    # docs.aws.amazon.com: private-content-creating-signed-url-canned-policy
    Scheme("cloudfront-canned", {"key-pair-id": _ANY, "expires": _END, "signature": _ANY}),
    # docs.aws.amazon.com: private-content-creating-signed-url-custom-policy
    Scheme(
        "cloudfront-custom",
        text=(
            Text.BASE64,
            _like(rf'"DateLessThan"\s*:\s*{{\s*"AWS:EpochTime"\s*:\s*(?P<end>{_EPOCH})\b'),
        ),
    ),
    # cloud.google.com: cdn/docs/using-signed-urls
    Scheme("google-cdn", {"keyname": _ANY, "expires": _END, "signature": _ANY}),
    # help.aliyun.com: oss, signature version 4; volcengine.com: tos, pre-signed URLs
    Scheme("presigned", {"x-*-expires": _SECONDS, "x-*-date": _ISSUED_BASIC}),
    # cloud.baidu.com: bos, authentication string in the query
    Scheme(
        "baidu-bos",
        {
            "authorization": _like(
                r"bce-auth-v1/[^/]+/(?P<issued_iso>[^/]+)/(?P<life>[0-9]{1,7})/.*"
            )
        },
    ),
    # cloud.tencent.com: cos, request signature: start;end
    Scheme("tencent-cos", {"q-sign-time": _like(rf"(?P<issued>{_EPOCH});(?P<end>{_EPOCH})")}),
    # docs.openstack.org: swift, temporary URL middleware
    Scheme(
        "swift",
        {"temp_url_expires": _like(rf"(?P<end>{_EPOCH})|(?P<end_iso>20.+)"), "temp_url_sig": _ANY},
    ),
    # backblaze.com: b2_get_download_authorization; the second moment in it is the end
    Scheme(
        "b2", {"authorization": _like(r"[0-9]_20[0-9]{12}_.+_(?P<end_digits>20[0-9]{12})_.+_dnld")}
    ),
    # learn.microsoft.com: create-service-sas
    Scheme("azure-sas", {"se": _like(r"(?P<end_iso>20.+)"), "sig": _ANY, "sv": _ANY}),
    # akamai/EdgeAuth-Token-Python; the path in globocom/m3u8#187
    Scheme("akamai", {"hdnts|hdnea|hdntl|__token__": _EDGE_AUTH}),
    Scheme("akamai-path", path=_like(rf"/hdn[a-z]+=(?:[^/]*~)?exp=(?P<end>{_EPOCH})~")),
    # streamlink#3492: 403 after this hour; Tusko/vimeo-private-downloader#53
    Scheme("vimeo", path=_like(rf"/exp=(?P<end>{_EPOCH})~acl=")),
    # The same fields under names of the owner's choice: __hdnea__, __cld_token__, auth …
    Scheme(
        "edge-auth",
        {"*": _like(rf"(?:.*~)?exp=(?P<end>{_EPOCH})~(?:.*~)?(?:acl|hmac|url|data)=.*")},
    ),
    Scheme("edge-auth-path", path=_like(rf"[/=~]exp=(?P<end>{_EPOCH})~(?:acl|hmac|url|data)=")),
    # cloud.google.com: media-cdn/docs/generate-tokens; in the path of players of Vimeo, 2024
    Scheme(
        "edge-cache",
        {"edge-cache-token": _like(rf"(?:.*[~&])?Expires=(?P<end>{_EPOCH})(?:[~&].*)?")},
    ),
    Scheme(
        "edge-cache-shape",
        {"*": _like(rf"(?:.*[~&])?Expires=(?P<end>{_EPOCH})[~&](?:.*[~&])?(?:Signature|hmac)=.*")},
    ),
    Scheme(
        "edge-cache-path",
        path=_like(rf"[/=&~]Expires=(?P<end>{_EPOCH})[&~](?:[^/]*[&~])?(?:Signature|hmac)="),
    ),
    # docs.bunny.net: cdn-token-authentication
    Scheme("bunny", {"token": _ANY, "expires": _END}),
    Scheme("bunny-path", path=_like(rf"/bcdn_token=[^/]*&expires=(?P<end>{_EPOCH})\b")),
    # nginx.org: ngx_http_secure_link_module; gcore.com: configure-and-use-secure-token
    Scheme("secure-link", {"md5": _ANY, "expires": _END}),
    # nginx wiki, 2011: $arg_st,$arg_e; scaleengine.com: securelink
    Scheme("secure-link-st-e", {"st": _ANY, "e": _END}),
    Scheme(
        "secure-link-path",
        path=_like(rf"/(?:{_MD5}|[A-Za-z0-9_-]{{22}})[,/](?P<end>{_EPOCH})(?=/)"),
    ),
    # keycdn.com: secure-token
    Scheme("keycdn", {"token": _ANY, "expire": _END}),
    # fastly/token-functions; with "-0x" in videojs-contrib-hls#1232
    Scheme("fastly", {"*token": _like(_STAMPED)}),
    # manifest.prod.boltdns.net writes the same in base64
    Scheme("fastly-base64", text=(Text.BASE64, _like(rf"^{_STAMPED}$"))),
    # A time, then a digest of it: the parameter's name is the owner's choice (a=epoch,sig).
    Scheme("stamp-digest", {"*": _like(rf"(?P<end>{_EPOCH})[,|:~]{_DIGEST}")}),
    # audio.scdn.co: ?1626174577_BASE64=
    Scheme("stamp-name", {"": _like(rf"(?P<end>{_EPOCH})_{_DIGEST}")}),
    # developers.cloudflare.com: waf, token authentication: when it was made, then a MAC
    Scheme("cloudflare-verify", {"verify": _like(rf"(?P<issued>{_EPOCH})-{_DIGEST}")}),
    # hash-salt-end-start
    Scheme(
        "hash-salt-end-start",
        {"*": _like(rf"[0-9a-f]{{32,64}}-[0-9A-Za-z]+-(?P<end>{_EPOCH})-(?P<issued>{_EPOCH})")},
    ),
    # help.upyun.com: token anti-leech: eight digits of an MD5, then the end
    Scheme("upyun", {"_upt": _like(rf"[0-9a-f]{{8}}(?P<end>{_EPOCH})")}),
    # imagekit.io: signed URLs; 9999999999 is never
    Scheme("imagekit", {"ik-t": _END, "ik-s": _ANY}),
    # c10.patreonusercontent.com
    Scheme("patreon", {"token-time": _END, "token-hash": _ANY}),
    # phncdn.com; nginx's expires under another name
    Scheme("validto", {"validto": _END, "validfrom|hash|token|sig|signature": _ANY}),
    # ngenix and phncdn.com: nvb=20120203194641&nva=20120203214641&hash=…, or epochs
    Scheme(
        "not-valid-after",
        {
            "nva": _like(rf"(?P<end_digits>20[0-9]{{12}})|(?P<end>{_EPOCH})"),
            "hash|token|nvb": _ANY,
        },
    ),
    # d.pcs.baidu.com, d.terabox.app: …&expires=8h&dstime=1614101243
    Scheme(
        "baidu-pan", {"dstime": _ISSUED, "expires": _like(r"(?P<life_unit>[1-9][0-9]{0,4}[smhd])")}
    ),
    # softvelum.com: Nimble, WMSAuth: server_time=5/9/2017 8:58:23 AM&hash_value=…&validminutes=200
    Scheme(
        "wms-auth",
        text=(
            Text.BASE64,
            _like(
                r"server_time=(?P<issued_us>[0-9/]{8,10} [0-9:]{7,8} [AP]M)&.*"
                r"validminutes=(?P<life_minutes>[0-9]{1,6})"
            ),
        ),
    ),
    # kaltura.com: KS version 1: hash|partner;partner;expiry;…
    Scheme(
        "kaltura", text=(Text.BASE64, _like(rf"^[0-9a-f]{{40}}\|[0-9]+;[0-9]+;(?P<end>{_EPOCH});"))
    ),
    # client.cdn77.com: how-do-i-set-up-signed-urls
    Scheme("cdn77", {"secure": _like(rf"[^,]+,(?P<end>{_EPOCH})")}),
    Scheme("cdn77-path", path=_like(rf"/[A-Za-z0-9_-]{{22}}==,(?P<end>{_EPOCH})(?=/)")),
    # help.aliyun.com: type A, B and C signing
    Scheme("alibaba-a", {"auth_key": _like(rf"(?P<issued>{_EPOCH})-[^-]+-[^-]+-{_MD5}")}),
    # music.126.net writes seconds too.
    Scheme("alibaba-b", path=_like(rf"/(?P<issued_cst>20[0-9]{{10}}(?:[0-9]{{2}})?)/{_MD5}(?=/)")),
    # Alibaba's type C and tencentcloud.com 1145/62477 (type C) write the same.
    Scheme("alibaba-c", path=_like(rf"/{_MD5}/(?P<issued_hex>{_HEX})(?=/)")),
    # downloader.disk.yandex.ru: /disk/SHA-256/hex/…
    Scheme("sha256-hex-path", path=_like(rf"/[0-9a-f]{{64}}/(?P<end_hex>{_HEX})(?=/)")),
    # tencentcloud.com 228/35222 and 1145/62475: the parameter's name is the customer's choice
    Scheme(
        "tencent-a",
        {
            "*": _like(
                rf"(?:(?P<issued>{_EPOCH})|(?P<issued_hex>{_HEX}))-[0-9A-Za-z]+-[0-9A-Za-z]+-{_MD5}"
            )
        },
    ),
    # tencentcloud.com 228/35225
    Scheme("tencent-d", {"t": _ISSUED_OR_HEX, "sign": _like(_MD5)}),
    # tencentcloud.com 267/31560 and 267/38393: 5867D600 is the end of 2016
    Scheme("tencent-live", {"txtime": _END_OR_HEX, "txsecret": _ANY}),
    # support.huaweicloud.com: signing method C2
    Scheme("huawei-c2", {"timestamp": _ISSUED, "auth_key": _ANY}),
    # streamlink#3995, YoutubeExplode#374
    Scheme("googlevideo", {"expire": _END, "sparams": _ANY}),
    Scheme("googlevideo-path", path=_like(rf"/expire/(?P<end>{_EPOCH})(?=/)")),
    # The same by another name, in milliseconds too: /expires/1611592980000/
    Scheme(
        "path-pair",
        path=_like(rf"/(?:expires|exp|expiry|validto|deadline)[/=](?P<end>{_EPOCH})(?=/)"),
    ),
    # /key=TqwrdlnxdWE,end=1369907526,ip=…/
    Scheme(
        "path-fields",
        path=_like(rf"/(?:[^/]*[,;&])?(?:end|exp|expires|e)=(?P<end>{_EPOCH})(?=[,;&/])"),
    ),
    # useapi/discord-cdn-proxy
    Scheme("discord", {"ex": _END_HEX, "is": _ISSUED_HEX, "hm": _ANY}),
    # dataforgoodfr/14_BalanceTesHaters#371: "URL signature expired" a week after 6A2F427E
    Scheme("meta", {"oe": _END_HEX, "oh": _ANY}),
    # carcabot/tiktok-signature#114, drawrowfly/tiktok-scraper#393: six hours from its making
    Scheme("tiktok", {"x-expires": _END}),
    # community.wowza.com 46955: the prefix is the customer's choice
    Scheme("wowza", {"*endtime": _END, "*hash": _ANY}),
    # docs.edg.io: mediavault_hash_generator; guide.ncloud-docs.com: globaledge-mediavault
    Scheme("mediavault", {"e": _END, "h": _like(_MD5)}),
    # RFC 7519 section 4.1.4; mux.com: secure-video-playback; developers.cloudflare.com: stream
    Scheme("jwt", text=(Text.JWT, _like(rf'"exp"\s*:\s*"?(?P<end>{_EPOCH})\b'))),
    # odensc/ttv-ublock#11: its `token` is JSON
    Scheme("twitch", text=(Text.JSON, _like(rf'"expires"\s*:\s*(?P<end>{_EPOCH})\b'))),
    # Players append Date.now() as `expiry`, so it is when the link was made: yt-dlp's and others'
    # extractors; MPC-BE#687
    Scheme("dood", {"expiry": _ISSUED, "token": _ANY}),
    # alist-org/alist, pkg/sign/hmac.go; 0 is never
    Scheme("alist", {"sign": _like(rf"[A-Za-z0-9_-]+=*:(?P<end>{_EPOCH})")}),
    # AniBridge, auth.py; bytescale.com: expiring-urls
    Scheme("exp-sig", {"exp": _END, "sig": _ANY}),
)

_ENDS = "expires expire expiry expiration exp".split()
_END_NAMES = (
    *_ENDS,
    *"e ttl valid deadline until etime valid_until validuntil validto valid_to".split(),
    *"not_after notafter wstime".split(),
    *(
        f"{end}{dash}{of}"
        for end in _ENDS
        for dash in ("", "_", "-")
        for of in ("at", "on", "time", "date", "ts")
    ),
    *(
        f"{whose}{dash}{end}"
        for whose in ("token", "link", "url", "sig", "auth", "key")
        for end in _ENDS
        for dash in ("", "_", "-")
    ),
)

GUESSES: Sequence[Scheme] = (
    Scheme(
        "start and duration",
        {
            "e|ttl|lifetime|expires_in|expires|expire|expiry|exp": _SECONDS,
            "s|st|ts|timestamp|issued|iat|created": _ISSUED,
        },
        is_guess=True,
    ),
    # Each for itself: of several ends the earliest counts.
    *(Scheme("name alone", {name: _END_IN_ANY_FORM}, is_guess=True) for name in _END_NAMES),
)
"""Looked for where no scheme was found."""
