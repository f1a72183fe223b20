#!/bin/sh
# Builds the reference of all modules with the toolchain's DocC.
set -eu
swift=${1:-swift}
graphs=.build/symbol-graphs
rm -rf "$graphs" docs/out
mkdir -p "$graphs"
"$swift" build -c release -Xswiftc -enable-testing -Xswiftc -emit-symbol-graph -Xswiftc -emit-symbol-graph-dir -Xswiftc "$graphs" --scratch-path .build/docs
# Only our own modules: the graphs of the libraries lie there too.
for module in $(ls Sources); do
    [ "$module" = Runtime ] && module=InferenceRuntime
    mkdir -p "$graphs/ours"
    find "$graphs" -maxdepth 1 -name "$module.symbols.json" -exec mv {} "$graphs/ours/" \;
done
docc=$(dirname "$(readlink -f "$(command -v "$swift")")")/docc
"$docc" convert --fallback-display-name anyclaude --fallback-bundle-identifier anyclaude --additional-symbol-graph-dir "$graphs/ours" --output-path docs/out
echo docs/out
