#!/bin/sh
# Runs the given test command where the tests find what they need, and closes with a line that counts.
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
exec "$@"
