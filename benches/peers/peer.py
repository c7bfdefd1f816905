"""One peer on one instance: python peer.py ortools|lemon FILE OBJECTIVE. Prints one JSON line.

Seconds are of the solve call alone; build_s is what it took to hand the problem over. Memory in MiB: held before the
network is built (the interpreter and the instance's arrays), and the most that the process ever held.
"""

import json
import sys
import time
from importlib.metadata import version

import numpy as np

from instance import Costs, Instance


def status(key):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024


def held():
    return status("VmRSS:")


def peak():
    # Not the resource module's figure: that one begins with whatever the parent held when it started this process.
    return status("VmHWM:")


class Clock:
    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self):
        return time.perf_counter() - self.wall, time.process_time() - self.cpu


def arcs(instance, costs):
    """Needs, then services, then one node where all ends: an arc for each pair, one for each need that goes unmet, one
    for each service with its places."""
    n, m = len(instance.weights), len(instance.capacities)
    needs, services = np.arange(n, dtype=np.int32), n + np.arange(m, dtype=np.int32)
    tails = np.concatenate([np.repeat(needs, np.diff(instance.starts)), needs, services])
    heads = np.concatenate([n + instance.services, np.full(n + m, n + m, np.int32)])
    capacities = np.concatenate([np.ones(len(instance.services) + n, np.int64), instance.capacities])
    unit_costs = np.concatenate([costs.arc, costs.unmet, np.zeros(m, np.int64)])
    supplies = np.zeros(n + m + 1, np.int64)
    supplies[:n] = 1
    supplies[n + m] = -n
    return tails, heads, capacities, unit_costs, supplies


def ortools(instance, costs):
    from ortools.graph.python import min_cost_flow

    before = held()
    clock = Clock()
    tails, heads, capacities, unit_costs, supplies = arcs(instance, costs)
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(tails, heads, capacities, unit_costs)
    solver.set_nodes_supplies(np.arange(len(supplies), dtype=np.int32), supplies)
    del tails, heads, capacities, unit_costs, supplies
    build, _ = clock.read()
    clock = Clock()
    status = solver.solve()
    seconds = clock.read()
    assert status == solver.OPTIMAL, status
    pairs = np.arange(len(instance.services), dtype=np.int32)
    return before, build, seconds, solver.optimal_cost(), int(solver.flows(pairs).sum())


def lemon(instance, costs):
    import pylmcf

    before = held()
    clock = Clock()
    tails, heads, capacities, unit_costs, supplies = arcs(instance, costs)
    # It wants its arcs sorted; the stable sort keeps the services of a need rising, before the arc to the end.
    order = np.argsort(tails, kind="stable")
    graph = pylmcf.Graph(len(supplies), tails[order].astype(np.int64), heads[order].astype(np.int64))
    graph.set_node_supply(supplies)
    graph.set_edge_capacities(capacities[order])
    graph.set_edge_costs(unit_costs[order])
    del tails, heads, capacities, unit_costs
    build, _ = clock.read()
    clock = Clock()
    graph.solve()
    seconds = clock.read()
    flows = np.empty(len(order), np.int64)
    flows[order] = graph.result()
    return before, build, seconds, int(graph.total_cost()), int(flows[: len(instance.services)].sum())


def main():
    name, path, objective = sys.argv[1:]
    solve, package = {"ortools": (ortools, "ortools"), "lemon": (lemon, "pylmcf")}[name]
    instance = Instance.read(path)
    costs = Costs(instance, objective)
    held_mib, build_s, (solve_s, solve_cpu_s), least, met = solve(instance, costs)
    peak_mib = peak()
    row = {
        "solver": name,
        "version": version(package),
        "objective": objective,
        "pairs": len(instance.services),
        "arc_checksum": instance.checksum(),
        "scale": costs.scale,
        "build_s": build_s,
        "solve_s": solve_s,
        "solve_cpu_s": solve_cpu_s,
        "held_mib": held_mib,
        "peak_mib": peak_mib,
        "optimum": {**costs.optimum(least), "met": met},
    }
    print(json.dumps(row))


if __name__ == "__main__":
    main()
