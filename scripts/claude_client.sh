#!/bin/sh
# Prints where the real Claude Code is that the tests run, after fetching it where it is not there yet: 160 MB, once for all checkouts,
# into ${XDG_CACHE_HOME:-~/.cache}/anyclaude-tests. It comes in the package that Tests/IntegrationTests/requirements-client.txt pins.
set -eu
pin=$(cat "$(dirname "$0")/../Tests/IntegrationTests/requirements-client.txt")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/anyclaude-tests
folder=$cache/$(echo "$pin" | sed 's/==/-/')
if [ ! -x "$folder/claude" ]; then
    mkdir -p "$cache"
    new=$(mktemp -d "$cache/fetching-XXXXXX")
    trap 'rm -rf "$new"' EXIT
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$new" "$pin" >&2
    python3 - "$new" <<'END'
import glob, shutil, sys, zipfile
with zipfile.ZipFile(glob.glob(f"{sys.argv[1]}/*.whl")[0]) as wheel, wheel.open("claude_agent_sdk/_bundled/claude") as source:
    with open(f"{sys.argv[1]}/claude", "wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
END
    chmod 755 "$new/claude"
    rm "$new"/*.whl
    # Another run may have been quicker.
    mv -T "$new" "$folder" 2>/dev/null || [ -x "$folder/claude" ]
fi
echo "$folder/claude"
