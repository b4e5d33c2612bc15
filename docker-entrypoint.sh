#!/bin/sh
# What the image runs: strmctl itself, or as the user that PUID and PGID name.
#   docker run -u 0 -e PUID=1001 -e PGID=1001 …    folders that Docker made as root become that user's
#   docker run -u 1001:1001 …                      nobody is root at any time: PUID has no part in it
set -eu

run_as() {
    # What root owns in /data came with the mount. A library may be anybody's: only its top folder counts.
    find /data -xdev -uid 0 -exec chown -h "$1:$2" {} + 2>/dev/null || :
    find /library -maxdepth 0 -uid 0 -exec chown -h "$1:$2" {} + 2>/dev/null || :
    shift 2
    # Root's home is closed to everybody else.
    export HOME=/data
    exec setpriv --reuid="$uid" --regid="$gid" --clear-groups -- strmctl "$@"
}

uid=${PUID:-1000} gid=${PGID:-1000}
case $uid$gid in
*[!0-9]*)
    echo "strmctl: PUID=$uid PGID=$gid: both take a number, as \`id\` prints it" >&2
    exit 3
    ;;
esac

if [ -z "${PUID:-}${PGID:-}" ]; then
    exec strmctl "$@"
elif [ "$(id -u)" -eq 0 ]; then
    run_as "$uid" "$gid" "$@"
elif [ "$(id -u):$(id -g)" != "$uid:$gid" ]; then
    echo "strmctl: PUID and PGID need a start as root (-u 0); it goes on as $(id -u):$(id -g)" >&2
fi
exec strmctl "$@"
