#!/bin/sh
# Runs the given test command where the tests find what they need, and closes with what failed and a line that counts:
# what failed would else stand somewhere in thousands of lines, of which a CI may keep the last.
set -eu
venv=.build/venv
stamp=$venv/.requirements
if ! cmp -s Tests/IntegrationTests/requirements.txt "$stamp" 2>/dev/null; then
    if python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --requirement Tests/IntegrationTests/requirements.txt; then
        cp Tests/IntegrationTests/requirements.txt "$stamp"
    else
        echo "test: the Python packages could not be installed; the tests that need them will say that they are skipped" >&2
    fi
fi
[ -f "$stamp" ] && ANYCLAUDE_TEST_PYTHON=$PWD/$venv/bin/python3 && export ANYCLAUDE_TEST_PYTHON
scripts/claude_client.sh > /dev/null || echo "test: Claude Code could not be fetched; the tests with it will say that they are skipped" >&2
ANYCLAUDE_TEST_BIN=$PWD/.build/release
export ANYCLAUDE_TEST_BIN
log=.build/test.log
{ status=0; "$@" 2>&1 || status=$?; echo "$status" > "$log.status"; } | tee "$log"
read -r status < "$log.status"
if [ "$status" != 0 ]; then
    echo "test: what failed (all of it: $log):"
    sed 's/\x1b\[[0-9;]*m//g' "$log" | awk '/^✘ .*recorded an issue/ { told = 1; print; next } /^↳/ && told { print; next } { told = 0 } /^✘ Test run/ { last = $0 } END { print last }'
fi
exit "$status"
