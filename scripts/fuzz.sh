#!/bin/sh
# Runs the fuzzer on each of its targets, seeded with the fixtures and, where they are (ANYCLAUDE_SHARED), with the public suites.
set -eu
fuzz=$1
seconds=${FUZZ_SECONDS:-600}
work=.build/fuzz/corpus
for target in ${FUZZ_TARGETS:-yaml json pipeline}; do
    mkdir -p "$work/$target" "$work/$target-seeds"
    {
        find Tests/Fixtures/config/valid Tests/Fixtures/config/invalid examples -type f \( -name '*.yaml' -o -name '*.json' \) -size -64k
        if [ -n "${ANYCLAUDE_SHARED:-}" ]; then
            find "$ANYCLAUDE_SHARED/data/yaml-test-suite" -name in.yaml
            find "$ANYCLAUDE_SHARED/data/json-test-suite/test_parsing" -name '*.json' -size -64k
        fi
    } | while read -r file; do
        cp "$file" "$work/$target-seeds/$(printf '%s' "$file" | tr / _)"
    done
    echo "$target, $seconds s"
    # A text that breaks a promise, crashes or takes 5 s ends the run, and is kept beside the corpus.
    ANYCLAUDE_FUZZ_TARGET=$target "$fuzz" -max_total_time="$seconds" -max_len=65536 -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$work/$target-" "$work/$target" "$work/$target-seeds" > "$work/$target.log" 2>&1 || {
        tail -n 40 "$work/$target.log" >&2
        exit 1
    }
    grep -E '^Done |number_of_executed_units' "$work/$target.log"
done
