"""One sitting: ours and the peers in turn on each instance, every run in a process of its own. See run.sh."""

import argparse
import datetime
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import tables
from instance import OBJECTIVES

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "target" / "peers"

OURS, ORTOOLS, LEMON = "suffice", "ortools", "lemon"

# Who runs in turn. LEMON takes 8 s on L, so it runs once there; on XL it had not finished after 178 s: left out.
OFTEN = [OURS, ORTOOLS, LEMON] * 3
ON_L = [OURS, ORTOOLS, OURS, ORTOOLS, OURS, ORTOOLS]
ON_XL = [OURS, ORTOOLS, OURS, OURS]

# A peer that takes longer than this has no figure.
PATIENCE_SECONDS = 400


# Offers of the ladder on a country's cohorts.
ENGLAND = [2_500, 5_000, 10_000, 20_000]


def plan(mode, population):
    """Rows to measure: what identifies each, and how."""
    rows = []
    if mode == "england":
        # The default order had not ended after nine minutes with the fewest offers.
        return [
            {"table": "england", "rung": f"{offers} offers", "policy": "blended", "offers": offers, "times": 1}
            | {"population": str(population)}
            for offers in ENGLAND
        ]
    if mode == "quick":
        ladder = [("S-1", OFTEN), ("M-1", OFTEN), ("L-1", [*ON_L, LEMON])]
        wholes = ["L-1"]
    else:
        ladder = [("S-1", OFTEN), ("M-1", OFTEN), ("L-1", [*ON_L, LEMON]), ("L-2", ON_L), ("L-3", ON_L)]
        ladder += [(f"XL-{seed}", ON_XL) for seed in (1, 2, 3)]
        wholes = ["L-1", "XL-1"]
    for rung, turns in ladder:
        rows += [{"table": "solve", "rung": rung, "objective": objective, "turns": turns} for objective in OBJECTIVES]
    rows += [{"table": "default-order", "rung": rung, "times": often(rung)} for rung in ["S-1", "M-1", *wholes]]
    rows += [{"table": "standing", "rung": rung, "times": 3} for rung in ["M-1", "L-1"]]
    for rung in wholes:
        for policy in ("blended", "default-order"):
            rows.append({"table": "whole", "rung": rung, "policy": policy, "times": often(rung)})
            rows.append({"table": "explain", "rung": rung, "policy": policy, "times": 1})
    return rows


def often(rung):
    """Three times, but what takes minutes once."""
    return 1 if rung.startswith("XL") else 3


def name_of(row):
    return " ".join(str(row[part]) for part in ("table", "rung", "objective", "policy") if part in row)


class Sitting:
    def __init__(self, ours):
        self.ours = ours
        self.digest = hashlib.sha256(Path(ours).read_bytes()).hexdigest()[:16]
        self.inputs = WORK / "inputs"
        self.inputs.mkdir(parents=True, exist_ok=True)

    def measure(self, row):
        match row["table"]:
            case "solve":
                return self.in_turn(row)
            case "default-order" | "standing" as table:
                return [self.own([table, row["rung"]]) for _ in range(row["times"])]
            case "england":
                return [self.own(["whole", row["rung"], self.england(row)]) for _ in range(row["times"])]
            case table:
                folder = self.bundle(row["rung"], row["policy"])
                return [self.own([table, row["rung"], folder]) for _ in range(row["times"])]

    def in_turn(self, row):
        file = self.instance(row["rung"])
        runs = []
        for who in row["turns"]:
            if who == OURS:
                run = self.own(["solve", row["rung"], row["objective"], file])
            else:
                words = [sys.executable, str(HERE / "peer.py"), who, str(file), row["objective"]]
                run = json_line(words, PATIENCE_SECONDS) or {"solver": who, "gave_up_after_s": PATIENCE_SECONDS}
            runs.append(run)
        agree(row, runs)
        return runs

    def own(self, words):
        return json_line([self.ours, *map(str, words)], None)

    def instance(self, rung):
        file = self.inputs / f"{rung}.bin"
        if not file.exists():
            unfinished = file.with_suffix(".unfinished")
            self.own(["instance", rung, unfinished])
            unfinished.rename(file)
        return file

    def england(self, row):
        folder = self.inputs / f"england-{row['offers']}-{row['policy']}"
        if not folder.exists():
            words = ["england", row["population"], str(row["offers"]), row["policy"], str(folder)]
            subprocess.run([self.ours, *words], check=True)
        return folder

    def bundle(self, rung, policy):
        folder = self.inputs / f"{rung}-{policy}"
        if not folder.exists():
            subprocess.run([self.ours, "bundle", rung, policy, str(folder)], check=True)
        return folder


def json_line(words, patience):
    """What a program prints; None where it does not end in time. A program that fails ends the sitting."""
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, check=True, timeout=patience)
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout)


def agree(row, runs):
    """Everyone must have found the same optimum, in whichever words they answer."""
    found = {}
    for run in runs:
        for what, value in run.get("optimum", {}).items():
            if value is not None and found.setdefault(what, value) != value:
                sys.exit(f"{name_of(row)}: {run['solver']} says {what} {value}, others {found[what]}")


def machine():
    def of(path, key):
        with open(path) as file:
            lines = (line.split(":", 1) for line in file if ":" in line)
            return next((value.strip() for name, value in lines if name.strip() == key), "not known")

    gib = int(of("/proc/meminfo", "MemTotal").split()[0]) / 1024**2
    return {
        "processor": of("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gib": round(gib, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions():
    def said(*words):
        return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT).stdout.strip()

    changed = said("git", "status", "--porcelain", "--untracked-files=no", "--", "src", "Cargo.lock")
    revision = said("git", "rev-parse", "--short", "HEAD") + (" with changes" if changed else "")
    return {"revision": revision, "rustc": said("rustc", "--version").split(" (")[0], "python": platform.python_version()}


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("mode", nargs="?", default="quick", choices=["quick", "full", "england", "tables"])
    asked.add_argument("population", nargs="?", type=Path, help="for england: children by area and age, as CSV")
    asked.add_argument("--ours", required=True, help="our measuring program")
    asked.add_argument("--fresh", action="store_true", help="forget what was measured")
    asked = asked.parse_args()
    if asked.mode == "england" and asked.population is None:
        sys.exit("name the file of children by area and age: run.sh england FILE.csv")
    kept = WORK / "rows.jsonl"
    if asked.fresh:
        kept.unlink(missing_ok=True)
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    sitting = Sitting(asked.ours)
    if asked.mode != "tables":
        # Rows of another build of ours belong to another sitting.
        rows = [row for row in rows if row["ours"] == sitting.digest]
        kept.write_text("".join(json.dumps(row) + "\n" for row in rows))
        done = {name_of(row) for row in rows}
        for row in plan(asked.mode, asked.population and asked.population.resolve()):
            if name_of(row) in done:
                continue
            started = time.monotonic()
            row["date"] = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
            row["load_before"] = round(os.getloadavg()[0], 1)
            row["ours"] = sitting.digest
            row["runs"] = sitting.measure(row)
            row.pop("population", None)
            rows.append(row)
            with kept.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(f"{name_of(row)}: {time.monotonic() - started:.0f} s", flush=True)
    if not rows:
        sys.exit("nothing was measured yet")
    tables.write(ROOT, rows, machine(), versions())


if __name__ == "__main__":
    main()
