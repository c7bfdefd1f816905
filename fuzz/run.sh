#!/usr/bin/env bash
# Fuzzes the solver's input on the stable toolchain: bash fuzz/run.sh [SECONDS, 600 if not given] [more libFuzzer flags]
# What it finds lies in fuzz/artifacts; what it learns, in fuzz/target/corpus, beginning with fuzz/corpus.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

seconds=${1:-600}
shift || true
# Counters on every edge and on comparisons: LLVM's own pass, which stable lets through. What nightly alone has are the
# sanitizers, and this crate forbids unsafe code.
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"
# Naming the target keeps the flags from build scripts and macros.
host=$(rustc -vV | sed -n 's/^host: //p')
mkdir -p target/corpus/network artifacts/network
RUSTFLAGS="--cfg fuzzing $coverage" cargo build --locked --release --target "$host"
exec "target/$host/release/network" -artifact_prefix=artifacts/network/ -max_len=512 -timeout=20 \
  -max_total_time="$seconds" "$@" target/corpus/network corpus/network
