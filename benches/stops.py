"""How long `suffice` takes to end after a stop, at many moments of every command.

    python3 benches/stops.py target/release/suffice BUNDLE [MOMENTS [COMMAND ...]]

BUNDLE should be large (`suffice generate --instance 1000000x5000 --rscale 90`). Each command first runs to its end;
then it is stopped at moments spread evenly over that time, by its time limit and by the stop key in turn. A line for
each command: the median and the worst overshoot in milliseconds, from the stop to the end of the process, the
processor's milliseconds in that time (all threads), and when the worst was. A moment that takes longer than allowed
is tried three times and the best counts, since other programs may have had the processor. Ends with 1 where anything
took longer than 250 ms, or did not end as it should.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ALLOWED_MS = 250


def main():
    program, bundle = sys.argv[1:3]
    moments = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    with open(f"{bundle}/needs.csv", encoding="utf-8") as needs:
        header = next(needs).strip().split(",")
        need = next(needs).strip().split(",")[header.index("need")]
    fine = True
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "check": ["check", bundle],
            "match": ["match", bundle],
            "match --out": ["match", bundle, "--force", "--out", f"{folder}/match"],
            "gaps": ["gaps", bundle],
            "gaps --out": ["gaps", bundle, "--force", "--out", f"{folder}/gaps"],
            "measure": ["measure", bundle],
            "explain": ["explain", bundle, need],
            "verify": ["verify", bundle, f"{folder}/match"],
        }
        for name, words in commands.items():
            if sys.argv[4:] and name not in sys.argv[4:]:
                continue
            fine &= stops(name, [program, *words, "--json"], moments)
    return 0 if fine else 1


def stops(name, words, moments):
    began = time.monotonic()
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    whole = time.monotonic() - began
    found, wrong = [], []
    for at in range(moments):
        after = whole * (at + 0.5) / moments
        how = ("limit", "key")[at % 2]
        tries = []
        while not tries or (ALLOWED_MS < min(tries)[0] and len(tries) < 3):
            tries.append(stopped(words, after, how))
        over, busy, problem = min(tries)
        found.append((over, f"{busy:.0f} ms of processor, {how} after {after:.2f} s"))
        if problem:
            wrong.append(f"{how} after {after:.2f} s: {problem}")
    worst, where = max(found)
    middle = statistics.median(over for over, _ in found)
    print(f"{name:12} {whole:6.2f} s  median {middle:4.0f} ms  worst {worst:4.0f} ms ({where})", *wrong, sep="\n    ", flush=True)
    if ALLOWED_MS < worst:
        for over, where in sorted(found, reverse=True)[:6]:
            print(f"    {over:4.0f} ms  {where}", flush=True)
    return not wrong and worst <= ALLOWED_MS


def stopped(words, after, how):
    """Milliseconds from the stop to the end, on the clock and of the processor; what was wrong, if anything."""
    limit = ["--time-limit", f"{after:.3f}"] if how == "limit" else []
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as remarks:
        began = time.monotonic()
        process = subprocess.Popen(words + limit, stdout=answer, stderr=remarks)
        time.sleep(max(0, began + after - time.monotonic()))
        before = used(process.pid)
        if how == "key":
            began = time.monotonic() - after
            os.kill(process.pid, signal.SIGINT)
        _, status, resources = os.wait4(process.pid, 0)
        over = 1000 * (time.monotonic() - began - after)
        busy = 1000 * (resources.ru_utime + resources.ru_stime - before)
        code = process.returncode = os.waitstatus_to_exitcode(status)
        answer.seek(0)
        remarks.seek(0)
        said = remarks.read().decode()
        text = answer.read()
    if code not in (0, 1, 130):
        return over, busy, f"exit code {code}: {said[-200:]}"
    # Before there is a locality there is no answer; after that there is always a whole one.
    if not text:
        return over, busy, None if "before the bundle was read" in said else f"no answer: {said[-200:]}"
    json.loads(text)
    return over, busy, None


def used(pid):
    """Seconds of processor that a process has had."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
