"""The tables of RESULTS.md and the README, between their marks; all else in those files is written by hand and kept."""

from statistics import median

from instance import OBJECTIVES


# What was to be reached: title, objectives, least ratio to OR-Tools, the same in words.
REACH = [
    ("`need` alone, solve, L and XL", {"need"}, 60, "at least 60 times faster than OR-Tools"),
    (
        "`blended`, and need then cost, solve, L and XL",
        {"blended", "need-then-cost"},
        15,
        "at least 15 times faster than OR-Tools; aim 40",
    ),
]


def write(root, rows, machine, versions):
    parts = [about(rows, machine, versions), reach(rows), solves(rows), own(rows)]
    between(root / "benches" / "RESULTS.md", "tables", "\n".join(part for part in parts if part))
    between(root / "README.md", "speed", summary(rows, machine))


def between(path, what, text):
    begin, end = f"<!-- {what}: begin; written by benches/peers/run.sh -->", f"<!-- {what}: end -->"
    before, rest = path.read_text().split(begin)
    _, after = rest.split(end)
    path.write_text(f"{before}{begin}\n\n{text}\n{end}{after}")


def summary(rows, machine):
    """The largest instances of seed 1 beside OR-Tools, and the whole run."""
    chosen = [row for row in solve_rows(rows) if row["rung"] in ("L-1", "XL-1")]
    body = []
    for row in chosen:
        ours, theirs = of(row, "suffice", "solve_s"), of(row, "ortools", "solve_s")
        needs, services = {"L-1": ("100,000", "1,000"), "XL-1": ("1,000,000", "5,000")}[row["rung"]]
        body.append(
            [f"{needs} needs, {services} services, {row['runs'][0]['pairs']:,} pairs", row["objective"]]
            + [number(ours, " s"), number(theirs, " s"), times(ratio(theirs, ours))]
            + [number(own_memory(row, "suffice"), " MiB"), number(of(row, "ortools", "peak_mib"), " MiB")]
        )
    header = ["instance (generated)", "objective", "Suffice", "OR-Tools", "faster by", "memory", "OR-Tools'"]
    dates = sorted(row["date"] for row in chosen)
    text = (
        "The same optimum, proved by prices and equal to OR-Tools' SimpleMinCostFlow on the same instance in the same "
        f"sitting ({dates[-1][:10] if dates else 'no date'}; {machine['cores']} cores of {machine['processor']}):\n\n"
    )
    text += table(header, body)
    for row in rows:
        if row["table"] == "whole" and row["rung"] in ("L-1", "XL-1") and row["policy"] == "blended":
            text += (
                f"\nFrom the CSV files of {row['rung'].split('-')[0]} to the JSON of its answer, `blended`, worths "
                f"included: {number(of(row, 'suffice', 'whole_s'))} s.\n"
            )
    return text


def about(rows, machine, versions):
    dates = sorted(row["date"] for row in rows)
    runs = [run for row in rows for run in row["runs"]]
    packages = {"ortools": "OR-Tools", "lemon": "LEMON through pylmcf", "suffice": "Suffice"}
    known = {run["solver"]: run["version"] for run in runs if "version" in run}
    said = ", ".join(f"{packages[name]} {known[name]}" for name in ("suffice", "ortools", "lemon") if name in known)
    threads = sorted({run["threads"] for run in runs if "threads" in run})
    loads = [row["load_before"] for row in rows]
    return (
        f"Measured from {dates[0]} to {dates[-1]} on {machine['cores']} cores of {machine['processor']}, "
        f"{machine['memory_gib']} GiB, {machine['system']}; load average before each row {min(loads)} to {max(loads)}. "
        f"{said}; revision {versions['revision']}, {versions['rustc']}, Python {versions['python']}. "
        f"Suffice on {' or '.join(map(str, threads))} threads, the peers on one (they have no other way).\n"
    )


def of(row, solver, key):
    """The median of a solver's runs; None where it has none."""
    values = [run[key] for run in row["runs"] if run["solver"] == solver and run.get(key) is not None]
    return median(values) if values else None


def own_memory(row, solver):
    values = [
        run["peak_mib"] - run["held_mib"]
        for run in row["runs"]
        if run["solver"] == solver and run.get("peak_mib") is not None
    ]
    return median(values) if values else None


def ratio(theirs, ours):
    return theirs / ours if theirs is not None and ours else None


def number(value, unit=""):
    if value is None:
        return "-"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 4 if value < 0.01 else 3
    return f"{value:,.{digits}f}{unit}"


def times(value):
    return "-" if value is None else f"{value:,.1f}x" if value < 10 else f"{value:,.0f}x"


def line(cells):
    return "| " + " | ".join(cells) + " |\n"


def table(header, rows):
    return line(header) + line(["---"] * len(header)) + "".join(line(row) for row in rows)


def solve_rows(rows):
    def place(row):
        size, seed = row["rung"].split("-")
        return OBJECTIVES.index(row["objective"]), ["S", "M", "L", "XL"].index(size), int(seed)

    return sorted((row for row in rows if row["table"] == "solve"), key=place)


def solves(rows):
    chosen = solve_rows(rows)
    if not chosen:
        return ""
    header = ["objective", "instance", "pairs", "Suffice s (CPU)", "OR-Tools s (CPU)", "ratio", "LEMON s", "ratio"]
    header += ["Suffice MiB", "OR-Tools MiB", "ratio", "optimum, the same for all"]
    body = []
    for row in chosen:
        ours, cpu = of(row, "suffice", "solve_s"), of(row, "suffice", "solve_cpu_s")
        theirs, their_cpu = of(row, "ortools", "solve_s"), of(row, "ortools", "solve_cpu_s")
        lemon = of(row, "lemon", "solve_s")
        # Ours counts everything from before the instance was read; theirs the whole process, as the targets do.
        memory, their_memory = own_memory(row, "suffice"), of(row, "ortools", "peak_mib")
        optimum = next(run["optimum"] for run in row["runs"] if run["solver"] == "suffice")
        found = ", ".join(f"{what} {value:,}" for what, value in optimum.items() if value is not None)
        body.append(
            [row["objective"], row["rung"], f"{row['runs'][0]['pairs']:,}", f"{number(ours)} ({number(cpu)})"]
            + [f"{number(theirs)} ({number(their_cpu)})", times(ratio(theirs, ours)), number(lemon), times(ratio(lemon, ours))]
            + [number(memory), number(their_memory), times(ratio(their_memory, memory)), found]
        )
    return "### Solve\n\n" + table(header, body)


def reach(rows):
    large = [row for row in solve_rows(rows) if row["rung"].split("-")[0] in ("L", "XL")]
    body = []
    for title, objectives, least, said in REACH:
        ratios = [
            ratio(of(row, "ortools", "solve_s"), of(row, "suffice", "solve_s"))
            for row in large
            if row["objective"] in objectives
        ]
        body += reached(title, said, [found for found in ratios if found], least)
    memory = [
        ratio(of(row, "ortools", "peak_mib"), own_memory(row, "suffice"))
        for row in large
        if row["rung"].startswith("XL")
    ]
    body += reached("peak memory on XL, less what is held before the network", "under a tenth of OR-Tools'", memory, 10)
    blended = [row for row in large if row["rung"] == "XL-1" and row["objective"] == "blended"]
    whole = [row for row in rows if row["table"] == "whole" and (row["rung"], row["policy"]) == ("XL-1", "blended")]
    wholes = [ratio(of(one, "ortools", "solve_s"), of(all_of_it, "suffice", "whole_s")) for one in blended for all_of_it in whole]
    body += reached(
        "XL from CSV files to the JSON answer, `blended`, everything counted",
        "at least 5 times faster than OR-Tools' solve call alone; aim 10",
        [found for found in wholes if found],
        5,
    )
    for row in rows:
        if row["table"] == "explain" and row["rung"] == "XL-1":
            on_top = of(row, "suffice", "on_top_s")
            title = f"all worths, causes and deficient sets on XL, {row['policy']}"
            body.append([title, "under 2 s on top", f"{number(on_top)} s", "yes" if on_top < 2 else "no"])
        if row["table"] == "standing" and row["rung"] == "L-1":
            for what in ("place", "need"):
                micros = of(row, "suffice", f"{what}_median_us")
                title = f"one {what} more on L from the standing solution, default order"
                found = f"{number(micros / 1000)} ms"
                body.append([title, "median under 1 ms", found, "yes" if micros < 1000 else "no"])
    if not body:
        return ""
    return "### What was to be reached\n\n" + table(["on the same instance, medians", "reach", "found", "reached"], body)


def reached(title, wanted, ratios, least):
    if not ratios:
        return []
    found = times(min(ratios)) if len(ratios) == 1 else f"{times(min(ratios))} to {times(max(ratios))}"
    return [[title, wanted, found, "yes" if least <= min(ratios) else "no"]]


def own(rows):
    parts = []
    body = [
        [row["rung"], f"{row['runs'][0]['pairs']:,}", number(of(row, "suffice", "solve_s"))]
        + [stages(row["runs"][0]["stages"])]
        for row in rows
        if row["table"] == "default-order"
    ]
    if body:
        header = ["instance", "pairs", "solve s", "values, proved by their prices"]
        parts.append("### Default order (need, evenness, travel, cost), which no peer solves\n\n" + table(header, body))
    keys = ["read_s", "check_s", "pairs_s", "match_s", "write_s", "whole_s"]
    body = [
        ["England, " * (row["table"] == "england") + row["rung"], row["policy"], f"{row['runs'][0]['pairs']:,}"]
        + [number(of(row, "suffice", key)) for key in [*keys, "peak_mib"]]
        for row in rows
        if row["table"] in ("whole", "england")
    ]
    if body:
        header = ["bundle", "policy", "pairs", "read s", "check s", "pairs s", "match with worths s", "write s"]
        parts.append(
            "### From CSV files to the JSON answer, everything counted\n\n"
            + table([*header, "whole s", "peak MiB of the process"], body)
        )
    body = [
        [row["rung"], row["policy"], *(number(of(row, "suffice", key)) for key in ("worths_s", "reasons_s", "on_top_s"))]
        + [f"{row['runs'][0]['unmet_needs']:,}", f"{row['runs'][0]['deficient_sets']:,}"]
        for row in rows
        if row["table"] == "explain"
    ]
    if body:
        header = ["bundle", "policy", "worths s", "causes and deficient sets s", "together s", "unmet needs"]
        parts.append("### Reasons, on top of the matching\n\n" + table([*header, "deficient sets"], body))
    # No peer takes changes, and none solves the default order: beside it stands their solve of need, then cost, afresh.
    afresh = {row["rung"]: of(row, "ortools", "solve_s") for row in solve_rows(rows) if row["objective"] == "need-then-cost"}
    keys = ["place_median_us", "place_p90_us", "need_median_us", "need_p90_us", "p99_us", "most_us"]
    body = [
        [row["rung"], f"{row['runs'][0]['pairs']:,}"]
        + [number(of(row, "suffice", key) / 1000) for key in keys]
        + [number(of(row, "suffice", key)) for key in ("begin_s", "afresh_s")]
        + [number(afresh.get(row["rung"]))]
        for row in rows
        if row["table"] == "standing"
    ]
    if body:
        header = ["instance", "pairs", "a place more: median ms", "nine in ten within ms"]
        header += ["a need more: median ms", "nine in ten within ms", "99 in 100 of all within ms", "most ms"]
        header += ["the first solve s", "a fresh solve at the end s", "OR-Tools afresh, need then cost, s"]
        parts.append(
            "### One row changed, default order: flow, objective and that offer's worth, over 1,000 changes in a row\n\n"
            + table(header, body)
        )
    return "\n".join(parts)


def stages(values):
    return ", ".join(f"{stage['name']} {stage['value']:,}" for stage in values)
