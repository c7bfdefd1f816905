"""Where to put stores in San Francisco, by PySAL spopt: FOLDER (its two files as they came) METRES CAPACITY...; prints a CSV.

Coverage and covers are within METRES; there is a capacitated cover for each CAPACITY of every store.
"""

import csv
import pathlib
import sys
import warnings

import numpy as np
import pandas as pd
import pulp
from spopt.locate import LSCP, MCLP, PCenter, PMedian

warnings.simplefilter("ignore")


def main(folder, metres, *capacities):
    table = pd.read_csv(
        pathlib.Path(folder) / "SF_network_distance_candidateStore_16_censusTract_205_new.csv",
        dtype={"DestinationName": str}, float_precision="round_trip",
    )
    distances = table.pivot(index="DestinationName", columns="name", values="distance")
    people = table.drop_duplicates("DestinationName").set_index("DestinationName")["demand"].loc[distances.index]
    costs, people, metres = distances.to_numpy(), people.to_numpy(), float(metres)

    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["problem", "given", "value", "stores"])

    def solve(name, given, model):
        model = model.solve(pulp.PULP_CBC_CMD(msg=False))
        assert model.problem.status == pulp.LpStatusOptimal, (name, given)
        stores = [store for store, chosen in zip(distances.columns, model.fac_vars) if 0.5 < chosen.value()]
        out.writerow([name, given, repr(float(model.problem.objective.value())), " ".join(stores)])

    for p in range(1, 9):
        solve("most covered", p, MCLP.from_cost_matrix(costs, people, metres, p_facilities=p))
    solve("cover", "", LSCP.from_cost_matrix(costs, metres))
    for capacity in capacities:
        each = np.full(costs.shape[1], int(capacity))
        model = LSCP.from_cost_matrix(costs, metres, demand_quantity_arr=people, facility_capacity_arr=each)
        solve("cover within capacity", capacity, model)
    solve("median", 4, PMedian.from_cost_matrix(costs, people, p_facilities=4))
    solve("centre", 4, PCenter.from_cost_matrix(costs, p_facilities=4))


main(*sys.argv[1:])
