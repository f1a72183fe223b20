#!/bin/sh
# Each target of Tests/FuzzProperties under libFuzzer, one after the other, for SECONDS (600): scripts/fuzz.sh SWIFT [SECONDS] [TARGET…]
#
# Seeds are the fixtures, and the public suites where ANYCLAUDE_SHARED has them. What is found stays in .build/fuzz/TARGET, a text that
# breaks something in .build/fuzz/TARGET.crash-…; `.build/fuzz/bin TARGET FILE` runs it again.
set -eu
swift=$1
seconds=${2:-600}
[ $# -gt 2 ] && shift 2 || set -- yaml json pipeline formatting migration
root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/.build/fuzz
mkdir -p "$work"
# The archive without a main of its own, beside the compiler that the programs are built with.
driver=$("$(dirname "$(readlink -f "$(command -v "$swift")")")/clang" -print-file-name=libclang_rt.fuzzer_no_main-"$(uname -m)".a)
"$swift" build -c release --sanitize address --package-path "$root/Fuzz" --scratch-path "$work/build" -Xlinker "$driver"
ln -sf "$work/build/release/fuzz" "$work/bin"

fixtures=$root/Tests/Fixtures/config
suites=${ANYCLAUDE_SHARED:-/nowhere}/data
seeds() {
    case $1 in
    yaml) find "$fixtures" "$suites/yaml-test-suite" -name '*.yaml' ;;
    json) find "$fixtures" "$suites/json-test-suite" -name '*.json' ;;
    pipeline | formatting | migration) find "$fixtures/valid" "$fixtures/invalid" -name '*.yaml' -o -name '*.json' ;;
    esac 2>/dev/null
}
for target; do
    mkdir -p "$work/$target"
    seeds "$target" | while read -r file; do
        cp "$file" "$work/$target/seed-$(printf %s "$file" | cksum | cut -d' ' -f1)"
    done
    echo "$target: $(ls "$work/$target" | wc -l) texts to begin with, $seconds seconds"
    # Leaks: the Swift runtime keeps metadata for good.
    ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no "$work/bin" "$target" -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=4096 \
        -print_final_stats=1 -dict="$root/Fuzz/words.dict" -artifact_prefix="$work/$target." "$work/$target"
done
