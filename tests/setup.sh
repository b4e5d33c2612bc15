#!/bin/sh
# Brings the Debian packages of tests/packages.txt and the npm packages of tests/package.json;
# says what is missing where it may not install.
set -eu
cd "$(dirname "$0")"

if ! command -v dpkg-query >/dev/null; then
    echo "tests/setup.sh: this is no Debian: install these by hand:" \
        $(sed 's/#.*//' packages.txt) >&2
    exit 1
fi

missing=
for package in $(sed 's/#.*//' packages.txt); do
    case $(dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null || true) in
    *" installed") ;;
    *) missing="$missing $package" ;;
    esac
done

if [ -n "$missing" ] && [ "$(id -u)" -ne 0 ]; then
    echo "tests/setup.sh: missing:$missing" >&2
    echo "run: sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi
if [ -n "$missing" ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update --quiet
    # shellcheck disable=SC2086  # a list of names on purpose
    apt-get install --quiet --yes --no-install-recommends $missing
fi

if ! command -v npm >/dev/null; then
    echo "tests/setup.sh: missing: node 20 or later, with npm" >&2
    exit 1
fi
installed=node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ package-lock.json -nt "$installed" ]; then
    npm ci --ignore-scripts --no-audit --no-fund
fi
