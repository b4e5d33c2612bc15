"""URLs that tell when they end or were made: at least one for every scheme.

Where one comes from a document or an issue, the table in expiry_schemes.py names it.
"""

import base64
import json

MD5 = "5d41402abc4b2a76b9719d911017c592"
SHA = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
EPOCH = 1795388400  # 2026-11-22T23:00:00Z
HEX = f"{EPOCH:x}"
END = "2026-11-22T23:00:00Z"
CDN = "https://cdn.example"


def in_base64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


JWT = f"{in_base64({'alg': 'HS256'})}.{in_base64({'sub': 'x', 'exp': EPOCH})}.c2ln"
TEMPAUTH = in_base64({"siteid": "f39fdc09", "exp": str(EPOCH)})
WMS = base64.b64encode(
    b"server_time=11/22/2026 10:20:00 PM&hash_value=WJNYrOvTVCNO2kvpSq9kZw==&validminutes=40"
).decode()
KS = base64.urlsafe_b64encode(f"{SHA[:40]}|101;101;{EPOCH};0;1234.5;user;sview:*".encode()).decode()
POLICY = (
    base64.b64encode(
        json.dumps(
            {
                "Statement": [
                    {
                        "Resource": "https://d1.example/*",
                        "Condition": {
                            "DateLessThan": {"AWS:EpochTime": EPOCH},
                            "DateGreaterThan": {"AWS:EpochTime": EPOCH - 999},
                        },
                    }
                ]
            }
        ).encode()
    )
    .decode()
    .translate(str.maketrans("+=/", "-_~"))
)
TWITCH = (
    "%7B%22adblock%22%3Afalse%2C%22chansub%22%3A%7B%22view_until%22%3A1924905600%7D%2C"
    "%22device_id%22%3A%22a615b93a6c8acb58%22%2C%22expires%22%3A1605748569%2C%22game%22%3A%22%22%7D"
)

ABSOLUTE = [
    (
        "voe",
        "/engine/hls2-c/01/x/master.m3u8?t=aB3&s=1770225160&e=14400&f=5&node=n&i=84.170&sp=2500"
        "&asn=3320",
        "2026-02-04T21:12:40Z",
    ),
    (
        "aws-sigv4",
        "/b/f.mkv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20130524%2Fx"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-Signature=ab",
        "2013-05-25T00:00:00Z",
    ),
    ("aws-sigv4-epoch", f"/f.mkv?X-Amz-Date=20261122T200000Z&X-Amz-Expires={EPOCH}", END),
    ("aws-sigv2", f"/f.mkv?AWSAccessKeyId=AK&Expires={EPOCH}&Signature=a%2Fb%3D", END),
    (
        "gcs-v2",
        "/game/1332578/5004285?GoogleAccessId=uploader@moonscript2.iam.gserviceaccount.com"
        "&Expires=1646752072&Signature=I9n1L70yAw%2F",
        "2022-03-08T15:07:52Z",
    ),
    (
        "gcs-v4",
        "/kaggle-data-sets/568973/Data.zip?X-Goog-Algorithm=GOOG4-RSA-SHA256"
        "&X-Goog-Date=20230418T005138Z&X-Goog-Expires=259200&X-Goog-SignedHeaders=host",
        "2023-04-21T00:51:38Z",
    ),
    (
        "cloudfront-canned",
        "/image.jpg?color=red&size=medium&Expires=1767290400"
        "&Signature=nitfHRCrtziwO2HwPfWw~yYD&Key-Pair-Id=K2JCJMDEHXQW5F",
        "2026-01-01T18:00:00Z",
    ),
    ("cloudfront-custom", f"/v.m3u8?Policy={POLICY}&Signature=a~b_&Key-Pair-Id=K2", END),
    ("google-cdn", f"/v.mp4?Expires={EPOCH}&KeyName=my-key&Signature=Y-8nA=", END),
    (
        "azure-sas",
        "/c/f.mp4?sv=2015-04-05&st=2015-04-29T22%3A18%3A26Z&se=2015-04-30T02%3A23%3A26Z"
        "&sr=b&sp=r&sig=Z%2FRHI",
        "2015-04-30T02:23:26Z",
    ),
    ("azure-sas", "/c/f.mp4?sv=2022-11-02&se=2026-11-23&sp=r&sig=x", "2026-11-23T00:00:00Z"),
    ("akamai", f"/i/x/master.m3u8?hdnts=st={EPOCH - 60}~exp={EPOCH}~acl=/i/*~hmac={SHA}", END),
    (
        "akamai",
        f"/i/x/master.m3u8?hdnea=ip=1.2.3.4~st={EPOCH - 9}~exp={EPOCH}~acl=/*~hmac={SHA}",
        END,
    ),
    ("akamai", f"/x.mp4?__token__=exp%3D{EPOCH}~acl%3D%2f*~hmac%3D{SHA}", END),
    (
        "akamai-path",
        "/hls/live/2004802/S/hdntl=exp=1578104416~acl=%2f*~data=hdntl~hmac=67b9e05bef10"
        "/master_3868.m3u8",
        "2020-01-04T02:20:16Z",
    ),
    (
        "vimeo",
        "/exp=1718224043~acl=%2F9e2b5fd5-c647%2F%2A~hmac=98e8271303397fe3/sep/master.json",
        "2024-06-12T20:27:23Z",
    ),
    ("bunny", f"/v.mp4?token=HX-abc&expires={EPOCH}&token_path=%2Fv%2F", END),
    ("bunny", f"/v.mp4?token=HX-abc&expires={EPOCH}123", "2026-11-22T23:00:00.123Z"),
    ("bunny-path", f"/bcdn_token=HX-abc&expires={EPOCH}&token_path=%2Fv%2F/v/x.m3u8", END),
    ("secure-link", "/photo.jpeg?md5=DMF1ucDxtHCxwYQ&expires=2147483647", "2038-01-19T03:14:07Z"),
    ("secure-link-st-e", f"/v/movie.mp4?st=e1o2FbBYR5oD3k8ZMF8dHA&e={EPOCH}", END),
    ("secure-link-path", f"/s/{MD5}/{EPOCH}/v.mp4", END),
    ("secure-link-path", f"/videos/44_aJ0/e1o2FbBYR5oD3k8ZMF8dHA/{EPOCH}/master.m3u8", END),
    ("secure-link-path", f"/{MD5},{EPOCH}/v.mp4", END),
    ("keycdn", f"/v.mp4?token=abc&expire={EPOCH}", END),
    ("fastly", f"/v.ts?token={EPOCH}_{SHA}", END),
    (
        "fastly",
        "/vimeo-prod-skyfire-std-us/01/714366355.mp4?token=1502406525-0x3c9db3f693e922c6b77c"
        "e22cc2a0589b794934f4",
        "2017-08-10T23:08:45Z",
    ),
    (
        "cdn77",
        "/images/photo.png?secure=kaGd_cu6Iy4LDgfX3jy5Rw==,1333497600",
        "2012-04-04T00:00:00Z",
    ),
    ("cdn77-path", "/kaGd_cu6Iy4LDgfX3jy5Rw==,1333497600/images/photo.png", "2012-04-04T00:00:00Z"),
    (
        "tencent-live",
        "/live/test.m3u8?txSecret=f85a2ab363fe4dea&txTime=5867D600",
        "2016-12-31T16:00:00Z",
    ),
    (
        "tencent-live",
        "/live/test.m3u8?txSecret=f85a2ab363fe4dea&txTime=1694669601",
        "2023-09-14T05:33:21Z",
    ),
    ("googlevideo", f"/videoplayback?expire={EPOCH}&ei=x&ip=1.2.3.4&sparams=expire%2Cei%2Cip", END),
    (
        "googlevideo-path",
        f"/api/manifest/hls_playlist/expire/{EPOCH}/ei/x/ip/1.2.3.4/index.m3u8",
        END,
    ),
    ("discord", f"/attachments/1/2/v.mp4?ex={HEX}&is=6b022a70&hm={SHA}&", END),
    (
        "meta",
        "/v/t51.82787-15/687044485_n.jpg?stp=c&oh=00_Af_iv3tmT38wK&oe=6A2F427E",
        "2026-06-15T00:08:30Z",
    ),
    (
        "tiktok",
        "/obj/tos-maliva-p-0068/f7c1?x-expires=1613397600&x-signature=qPHNNUjatu%2B",
        "2021-02-15T14:00:00Z",
    ),
    (
        "wowza",
        "/vod/mp4:sample.mp4/playlist.m3u8?wowzatokenendtime=1459767008"
        "&wowzatokenhash=y8Iuk-Lq5h&wowzatokenstarttime=1459765208",
        "2016-04-04T10:50:08Z",
    ),
    (
        "wowza",
        "/vod/x/playlist.m3u8?letokenendtime=1427456998&letokenhash=y8Iuk",
        "2015-03-27T11:49:58Z",
    ),
    (
        "mediavault",
        "/app/stream/playlist.m3u8?s=1669281713&e=1669282013&ip=192.168.200.0/24"
        "&h=e35a703178d35420c89cd92b45e00287",
        "2022-11-24T09:26:53Z",
    ),
    ("jwt", f"/x.m3u8?token={JWT}", END),
    ("jwt", f"/{JWT}/manifest/video.m3u8", END),
    ("twitch", f"/api/channel/hls/x.m3u8?sig=ab&token={TWITCH}", "2020-11-19T01:16:09Z"),
    ("alist", f"/d/movies/x.mkv?sign=LtX9_gkP4rkMZmI2oEYWrwyB7sGHxLBM4U0M0nU3Qmg=:{EPOCH}", END),
    (
        "presigned",
        "/b/f.mkv?x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=AK%2F20231203%2Fx"
        "&x-oss-date=20231203T121212Z&x-oss-expires=86400&x-oss-signature=ab",
        "2023-12-04T12:12:12Z",
    ),
    (
        "presigned",
        "/f.mp4?X-Tos-Algorithm=TOS4-HMAC-SHA256&X-Tos-Date=20230102T030405Z&X-Tos-Expires=3600"
        "&X-Tos-Signature=ab",
        "2023-01-02T04:04:05Z",
    ),
    ("presigned", "/f?X-Minio-Date=20261122T220000Z&X-Minio-Expires=3600", END),
    (
        "baidu-bos",
        "/f.mp4?authorization=bce-auth-v1%2Fak%2F2026-11-22T22%3A30%3A00Z%2F1800%2Fhost%2Fab12",
        END,
    ),
    (
        "tencent-cos",
        "/f.mp4?q-sign-algorithm=sha1&q-ak=AK&q-sign-time=1557989151;1557996351"
        "&q-key-time=1557989151;1557996351&q-signature=d3627a7db46315",
        "2019-05-16T08:45:51Z",
    ),
    ("tencent-cos", f"/f.mp4?q-sign-time={EPOCH - 900}%3B{EPOCH}&q-signature=ab", END),
    (
        "swift",
        f"/v1/AUTH_a/c/o?temp_url_sig={SHA}&temp_url_expires=1323479485",
        "2011-12-10T01:11:25Z",
    ),
    (
        "swift",
        f"/v1/AUTH_a/c/o?temp_url_sig={SHA}&temp_url_expires=2011-12-10T01:11:25Z",
        "2011-12-10T01:11:25Z",
    ),
    (
        "b2",
        "/file/b/v.mp4?Authorization=3_20160803004041_53982a92f631a8c7303e3266_d940c7f5ee17cd1de3758aaa"
        "_000_20160804004041_0006_dnld",
        "2016-08-04T00:40:41Z",
    ),
    ("edge-auth", f"/i/m.m3u8?__hdnea__=st={EPOCH - 9}~exp={EPOCH}~acl=/*~hmac={SHA}", END),
    ("edge-auth", f"/i/m.m3u8?__cld_token__=exp={EPOCH}~acl=%2fi%2f*~hmac={SHA}", END),
    ("edge-auth", f"/i/m.m3u8?my-name=ip%3d1.2.3.4%7Eexp%3d{EPOCH}%7Ehmac%3d{SHA}", END),
    ("edge-auth-path", f"/live/token=st={EPOCH - 9}~exp={EPOCH}~acl=%2f*~hmac={SHA}/m.m3u8", END),
    ("edge-auth-path", f"/live/st={EPOCH - 9}~exp={EPOCH}~hmac={SHA}/m.m3u8", END),
    (
        "edge-cache",
        "/live/m.m3u8?Edge-Cache-Token=URLPrefix=aHR0cHM6Ly9h~Expires=1791541677~Signature=N5o8Y5",
        "2026-10-09T10:27:57Z",
    ),
    ("edge-cache", f"/m.m3u8?Edge-Cache-Token=Expires={EPOCH}&KeyName=k&Signature=aB1", END),
    ("edge-cache-shape", f"/m.m3u8?tok=Expires={EPOCH}~FullPath~hmac={SHA}", END),
    (
        "edge-cache-path",
        "/f7e60824/edge-cache-token=Expires=1708458605&KeyName=media-cdn-key&Signature=Nxu8hKDckE=="
        "/sep/video/master.m3u8",
        "2024-02-20T19:50:05Z",
    ),
    ("fastly", f"/v.ts?my_token=0x{HEX}_{SHA}", END),
    (
        "fastly-base64",
        "/manifest/v1/hls/v4/clear/1/2/10s/master.m3u8?fastly_token=NjE3NjlmNWVfMjMxMTRiYTQ1M2QwZTlk"
        "MGQzNzM5MGQ1MmI4NjAwMTJlZTM4ZjgwYTBhOWIzNGZjMmRlMDRmMDExOTc4NTkyZQ%3D%3D",
        "2021-10-25T12:13:18Z",
    ),
    ("stamp-digest", f"/v.mp4?a={EPOCH},{SHA}", END),
    ("stamp-digest", f"/v.mp4?auth={EPOCH}:kaGd_cu6Iy4LDgfX3jy5Rw==", END),
    ("stamp-digest", f"/v.mp4?key={EPOCH}~{MD5}", END),
    ("stamp-name", f"/audio/0a1b2c?{EPOCH}_2N5sdGhlLXNpZ25hdHVyZQ8=", END),
    ("hash-salt-end-start", f"/v.mp4?h={MD5}-aB3-{EPOCH}-{EPOCH - 3600}", END),
    ("hash-salt-end-start", f"/v.mp4?token={SHA}-0-{EPOCH}-{EPOCH - 60}", END),
    ("upyun", f"/v.mp4?_upt=fd8d82b9{EPOCH}", END),
    ("imagekit", f"/v.mp4?ik-t={EPOCH}&ik-s={SHA[:40]}", END),
    (
        "patreon",
        "/p/post/1/a/1.mp4?token-time=1506470400&token-hash=y5BCE8LJzwZtBGsO-HYmEEC6",
        "2017-09-27T00:00:00Z",
    ),
    ("validto", f"/v.mp4?validfrom={EPOCH - 7200}&validto={EPOCH}&rate=500k&hash=aB%2F3%3D", END),
    (
        "not-valid-after",
        "/480p.mp4?nvb=20121113051249&nva=20121114051249&ir=1200&sr=1200&hash=014b882080310e95fb6a0",
        "2012-11-14T05:12:49Z",
    ),
    ("not-valid-after", f"/v.mp4?nvb={EPOCH - 300}&nva={EPOCH}&token=0a1b2c3d4e5f", END),
    (
        "baidu-pan",
        "/file/059b93c9?fid=4401-250528-1114&dstime=1718642167&rt=sh&sign=FDtAER-DCb740-1DwrJumr"
        "&expires=8h&chkv=0",
        "2024-06-18T00:36:07Z",
    ),
    ("baidu-pan", f"/file/0?expires=90m&dstime={EPOCH - 5400}&sign=a", END),
    (
        "wms-auth",
        "/liveg/x.stream/playlist.m3u8?wmsAuthSign=c2VydmVyX3RpbWU9NS85LzIwMTcgODo1ODoyMyBBTSZoYXNo"
        "X3ZhbHVlPVdKTllyT3ZUVkNOTzJrdnBTcTlrWnc9PSZ2YWxpZG1pbnV0ZXM9MjAw",
        "2017-05-09T12:18:23Z",
    ),
    ("wms-auth", f"/x.m3u8?sig={WMS}", END),
    ("kaltura", f"/p/1/sp/100/playManifest/ks/{KS}/a.m3u8", END),
    ("sha256-hex-path", f"/disk/{SHA}/{HEX}/QkxPQg==?uid=0&filename=v.mp4", END),
    ("path-pair", f"/vod/expires/{EPOCH}000/hash/ab/v.mp4", END),
    ("path-pair", f"/vod/deadline/{EPOCH}/v.mp4", END),
    (
        "path-fields",
        "/key=TqwrdlnxdWE,end=1369907526,ip=78.96.189.71/data=C7/v.mp4",
        "2013-05-30T09:52:06Z",
    ),
    ("path-fields", f"/sig=ab12;expires={EPOCH}/v.mp4", END),
    ("jwt", f"/_layouts/15/download.aspx?UniqueId=1&tempauth=v1.{TEMPAUTH}.CgoKBHNuaWQ.c2ln", END),
    ("exp-sig", f"/stream?exp={EPOCH}&sig={SHA}", END),
    ("start and duration", "/v.m3u8?s=1770225160&e=14400", "2026-02-04T21:12:40Z"),
    ("start and duration", "/v.m3u8?st=1770225160&e=14400", "2026-02-04T21:12:40Z"),
    ("start and duration", "/v.m3u8?ts=1770225160&ttl=14400", "2026-02-04T21:12:40Z"),
    ("start and duration", "/v.m3u8?iat=1770225160&expires=14400", "2026-02-04T21:12:40Z"),
    ("name alone", f"/v.mp4?expires={EPOCH}.734", END),
    ("name alone", f"/v.mp4?valid={EPOCH}", END),
    ("name alone", f"/v.mp4?e={HEX}", END),
    ("name alone", f"/v.mp4?expires_at={END.replace(':', '%3A')}", END),
    ("name alone", f"/v.mp4?wsSecret={MD5}&wsTime={HEX}", END),
    ("name alone", f"/v.mp4?validUntil={EPOCH}000", END),
    ("name alone", f"/v.mp4?exp_time={EPOCH}", END),
    ("name alone", f"/v.mp4?k=1&tokenExpires={EPOCH}", END),
    ("name alone", f"/v.mp4?expires-on={EPOCH}", END),
    ("name alone", f"/v.mp4?token_expiry={HEX}", END),
    ("name alone", f"/v.mp4?sig_exp={EPOCH}", END),
    ("name alone", "/v.mp4?expires=20261122T230000Z", END),
    ("name alone", "/v.mp4?expires=2026-11-22%2023:00:00", END),
]

ISSUED = [
    ("alibaba-a", f"/v.mp4?auth_key={EPOCH}-0-0-{MD5}"),
    ("alibaba-b", f"/202611230700/{MD5}/v.mp4"),
    ("alibaba-b", f"/20261123070000/{MD5}/ymusic/v.mp3"),
    ("cloudflare-verify", f"/v.mp4?verify={EPOCH}-9JQB8vP1z0yc5DEBnH6JGWM3mBmvIeMrnnxFi3WtJLE%3D"),
    ("alibaba-c", f"/{MD5}/{HEX}/v.mp4"),
    ("alibaba-c", f"/{MD5}/{HEX.upper()}/tencent/type-c.mp4"),
    ("tencent-a", f"/v.mp4?sign={EPOCH}-rand-0-{MD5}"),
    ("tencent-a", f"/v.mp4?my-name={HEX}-rand-0-{MD5}"),
    ("tencent-d", f"/v.mp4?sign={MD5}&t={EPOCH}"),
    ("tencent-d", f"/v.mp4?sign={MD5}&t={HEX}"),
    ("huawei-c2", f"/v.mp4?auth_key={SHA}&timestamp={EPOCH}"),
    ("dood", f"/u5kj3/f46i6wiwoo~g2Q5140PwA?token=k8c6hkzc1y117oubfq77sr4f&expiry={EPOCH}000"),
]
