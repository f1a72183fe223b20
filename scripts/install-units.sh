#!/bin/sh
# install-units.sh DESTDIR PREFIX [UNITS]: the units, for programs in PREFIX/bin.
set -eu
destination=$1 prefix=$2 units=${3:-}

# put FILE FOLDER
put() {
    install -d "$destination$2"
    sed "s|/usr/local/bin/|$prefix/bin/|" "units/$1" > "$destination$2/$(basename "$1")"
    chmod 644 "$destination$2/$(basename "$1")"
}

case $prefix/ in
    "${HOME:-/nonexistent}"/*)
        # A manager of a user's looks nowhere else below a home.
        user=${units:-$prefix/share/systemd}/user
        ;;
    *)
        units=${units:-$prefix/lib/systemd}
        user=$units/user
        put anyclaude.service "$units/system"
        put anyclaude.socket "$units/system"
        # Not where it would count: an older systemd takes harm from it.
        put anyclaude-notify-reload.conf "$prefix/share/anyclaude"
        ;;
esac
put user/anyclaude.service "$user"
put user/anyclaude.socket "$user"
