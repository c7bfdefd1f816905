#!/usr/bin/env bash
# Suffice and its peers on the same instances in one sitting; writes the tables of benches/RESULTS.md.
#
#   bash benches/peers/run.sh            S, M and L of seed 1: about three minutes once built
#   bash benches/peers/run.sh full       three seeds of L and XL: about twenty-five minutes, most of them OR-Tools on XL
#   bash benches/peers/run.sh england FILE.csv   a country: cohorts of area and age against 2,500 to 20,000 offers
#   bash benches/peers/run.sh tables     the tables again, from what was measured
#
# Stopped and started again it goes on where it was, as long as our program is the same; `--fresh` begins anew.
# Needs Rust, a C compiler and python3 with venv; everything it makes lies in target/peers.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "${1:-}" = england ] && [ -n "${2:-}" ]; then
  set -- england "$(realpath "$2")" "${@:3}"
fi
cd "$here/../.."

python=target/peers/venv/bin/python
if ! "$python" -c '' 2>/dev/null; then
  python3 -m venv target/peers/venv
fi
if ! cmp -s "$here/requirements.txt" target/peers/installed.txt; then
  "$python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
  cp "$here/requirements.txt" target/peers/installed.txt
fi

# Cargo says where it put the program; its name holds a hash.
ours=$(cargo bench --locked --bench large --no-run --message-format=json |
  "$python" -c 'import json, sys
for line in sys.stdin:
    made = json.loads(line)
    if made.get("target", {}).get("name") == "large" and made.get("executable"):
        print(made["executable"])')

PYTHONDONTWRITEBYTECODE=1 exec "$python" "$here/sitting.py" --ours "$ours" "$@"
