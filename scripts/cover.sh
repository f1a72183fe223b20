#!/bin/sh
# Tests with coverage; prints one line for each file of ours.
set -eu
swift=${1:-swift}
scratch=.build/cover
"$swift" test --enable-code-coverage --scratch-path "$scratch" --disable-xctest --skip IntegrationTests
# Debian's llvm-cov cannot read this toolchain's profiles; its own is beside the compiler.
cov=$(dirname "$(readlink -f "$(command -v "$swift")")")/llvm-cov
binary=$("$swift" build --scratch-path "$scratch" --show-bin-path)
"$cov" report "$binary/anyclaudePackageTests.xctest" -instr-profile "$binary/codecov/default.profdata" -ignore-filename-regex '(\.build|Tests)/'
