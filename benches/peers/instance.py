"""An instance in the binary form that README.md beside this file describes, and what each objective makes of it."""

from dataclasses import dataclass

import numpy as np

OBJECTIVES = ("need", "blended", "need-then-cost")


@dataclass
class Instance:
    starts: np.ndarray  # int64, n + 1
    services: np.ndarray  # int32, one for each arc
    costs: np.ndarray  # int32, one for each arc
    weights: np.ndarray  # int32, n
    capacities: np.ndarray  # int64, m

    @staticmethod
    def read(path):
        with open(path, "rb") as file:
            n, m, arcs = (int(count) for count in np.fromfile(file, "<i8", 3))
            instance = Instance(
                np.fromfile(file, "<i8", n + 1),
                np.fromfile(file, "<i4", arcs),
                np.fromfile(file, "<i4", arcs),
                np.fromfile(file, "<i4", n),
                np.fromfile(file, "<i8", m),
            )
        assert len(instance.capacities) == m, f"{path} is cut off"
        return instance

    def checksum(self):
        """The sum over arcs of mix(need * 2^32 + service * 2^10 + cost) modulo 2^64: equal where the arcs are."""
        total = 0
        block = 1 << 20
        ends = self.starts[1:]
        for first in range(0, len(self.services), block):
            arcs = slice(first, min(first + block, len(self.services)))
            needs = np.searchsorted(ends, np.arange(arcs.start, arcs.stop), side="right").astype(np.uint64)
            keys = (needs << np.uint64(32)) + (self.services[arcs].astype(np.uint64) << np.uint64(10))
            total += int(mix(keys + self.costs[arcs].astype(np.uint64)).sum(dtype=np.uint64))
        return f"{total % 2**64:016x}"


def mix(z):
    """The splitmix64 finaliser."""
    with np.errstate(over="ignore"):
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


class Costs:
    """What a peer is given: a cost for each arc, and one for each need that goes unmet. All peers minimise one sum."""

    def __init__(self, instance, objective):
        weights = instance.weights.astype(np.int64)
        self.objective = objective
        self.all_weight = int(weights.sum())
        if objective == "need":
            self.scale = 1
            self.arc = np.zeros(len(instance.costs), np.int64)
        else:
            self.scale = 1000 if objective == "blended" else order_scale(instance)
            self.arc = instance.costs.astype(np.int64)
        self.unmet = self.scale * weights
        # Exact in 64 bits: the whole sum, and each cost times the number of nodes, which cost scaling multiplies by.
        nodes = len(weights) + len(instance.capacities) + 2
        assert self.scale * self.all_weight + int(self.arc.sum()) < 2**63
        assert int(self.unmet.max(initial=0)) * nodes < 2**63

    def optimum(self, least):
        """The least sum in the words of our own answer."""
        if self.objective == "need":
            return {"need": self.all_weight - least}
        if self.objective == "blended":
            return {"blended": self.scale * self.all_weight - least}
        # The costs of an assignment sum to less than the scale, so the sum comes apart again.
        unmet_weight, cost = divmod(least, self.scale)
        return {"need": self.all_weight - unmet_weight, "cost": cost}


def order_scale(instance):
    """A factor on weight with which weight comes first, whatever the costs: one more than any assignment can cost.

    An assignment pays at most the dearest arc of each need, and at most the dearest arc of each service for each of its
    places; the smaller of the two sums bounds it.
    """
    filled = np.diff(instance.starts) > 0
    by_need = np.maximum.reduceat(instance.costs, instance.starts[:-1][filled]).astype(np.int64).sum()
    dearest = np.zeros(len(instance.capacities), np.int64)
    np.maximum.at(dearest, instance.services, instance.costs)
    by_service = (dearest * instance.capacities).sum()
    return 1 + int(min(by_need, by_service))
