#!/bin/sh
# Installs the Debian packages that a build, the demo and the tests need and that are missing. Quiet when all is there.
set -eu
packages="libyaml-dev libsystemd-dev libopenblas-dev libpcre2-dev libutf8proc-dev libsqlite3-dev pkg-config curl python3 python3-venv ca-certificates openssl openssh-client"

missing=""
for package in $packages; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then root=""; elif command -v sudo >/dev/null; then root="sudo"; else
        echo "setup: these packages are missing and this user cannot install them; as root run:" >&2
        echo "    apt-get install$missing" >&2
        exit 77
    fi
    echo "setup: installing$missing"
    $root apt-get update -qq
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

if ! command -v "${SWIFT:-swift}" >/dev/null; then
    echo "setup: no swift on PATH; install a Swift 6.3 toolchain (https://www.swift.org/install/linux/)" >&2
    exit 69
fi
