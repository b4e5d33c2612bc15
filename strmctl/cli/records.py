"""The JSON of a mapping, in the one shape that every command prints (DESIGN.md section 4)."""

from strmctl.domain.mapping import Mapping


def mapping_record(
    mapping: Mapping, playback_url: str, *, reveal: bool = False
) -> dict[str, object]:
    """`reveal` adds the upstream URL and its headers, which are secrets otherwise."""
    resolution = mapping.resolution
    record: dict[str, object] = {
        "type": "mapping",
        "id": mapping.id,
        "strm_path": mapping.strm_path,
        **mapping.identity.fields(),
        "provider_used": resolution and resolution.provider,
        "state": mapping.state,
        "resolved_at": resolution and resolution.resolved_at,
        "expires_at": resolution and resolution.expires_at,
        "last_probed_at": mapping.last_probed_at,
        "fail_count": mapping.fail_count,
        "playback_url": playback_url,
    }
    if reveal:
        record["resolved_url"] = resolution and resolution.url
        record["headers"] = dict(resolution.headers) if resolution else None
    return record
