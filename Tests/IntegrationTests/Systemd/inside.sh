#!/bin/bash
# The machine's service under a real systemd; boot.sh runs it inside. The units are installed for /opt/anyclaude/bin, and /opt/anyclaude
# has bin and models. With words, only those of the files in service/. Ends with 0 when all held.
set -u
cd "$(dirname "$0")/service" || exit 1
. ./support.sh
[ $# != 0 ] || set -- start socket reload notify-reload crash worker watchdog journal lines groups stop unconfigured user
for concern; do
    echo "== $concern"
    # shellcheck disable=SC1090
    . "./$concern.sh"
done
exit "$failures"
