#!/bin/sh
# The reference of all modules with the toolchain's DocC, from the modules that `make build` has compiled.
set -eu
swift=${1:-swift}
graphs=.build/symbol-graphs
rm -rf "$graphs" docs/out
mkdir -p "$graphs" docs
# A Swift module names the C modules below it, which are found by their maps.
maps=$(find .build/release/*.build .build/checkouts/*/Sources Sources -name module.modulemap ! -path '*-tool.build/*' ! -path '.build/release/*/include/*' -exec printf -- '-Xcc -fmodule-map-file=%s ' {} \;)
includes=$(find .build/checkouts/*/Sources -type d -name include -exec printf -- '-Xcc -I%s ' {} \;)
for module in $(ls Sources); do
    [ "$module" = Runtime ] && module=InferenceRuntime
    [ -f ".build/release/Modules/$module.swiftmodule" ] || continue
    # shellcheck disable=SC2086 # lists of words, by intention
    "$swift" symbolgraph-extract -module-name "$module" -I .build/release/Modules $maps $includes \
        -target "$(uname -m)-unknown-linux-gnu" -minimum-access-level public -output-dir "$graphs"
done
docc=$(dirname "$(readlink -f "$(command -v "$swift")")")/docc
"$docc" convert --fallback-display-name anyclaude --fallback-bundle-identifier anyclaude --additional-symbol-graph-dir "$graphs" --output-path docs/out
echo docs/out
