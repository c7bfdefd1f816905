"""Spatial access by PySAL: FOLDER (demand.csv, supply.csv, costs.csv) REACH STEPS TAU; prints a CSV.

STEPS are cost=weight, separated by commas. A demand point without an answer has an empty cell.
"""

import pathlib
import sys
import warnings

import pandas as pd
from access import Access, weights

warnings.simplefilter("ignore")


def main(folder, reach, steps, tau):
    read = lambda name: pd.read_csv(pathlib.Path(folder) / name, float_precision="round_trip")
    costs = read("costs.csv")
    demand = read("demand.csv")
    # Its rational agents move in whole people.
    demand["amount"] = demand["amount"].astype(int)
    model = Access(
        demand_df=demand, demand_index="id", demand_value="amount",
        supply_df=read("supply.csv"), supply_index="id", supply_value="amount",
        cost_df=costs, cost_origin="origin", cost_dest="dest", cost_name="cost",
    )
    decay = weights.step_fn(dict(tuple(map(float, step.split("="))) for step in steps.split(",")))
    answers = {
        "2sfca": model.two_stage_fca(max_cost=float(reach)),
        "e2sfca": model.enhanced_two_stage_fca(weight_fn=decay),
        "3sfca": model.three_stage_fca(weight_fn=decay),
        "raam": model.raam(name="default", tau=float(tau)),
        "raam_settled": model.raam(name="settled", tau=float(tau), max_cycles=2000),
    }
    # Each answer is a table of one column for the one kind of supply.
    table = pd.DataFrame({name: answer.iloc[:, 0] for name, answer in answers.items()}, index=demand["id"])
    table.to_csv(sys.stdout, index_label="demand")


main(*sys.argv[1:])
