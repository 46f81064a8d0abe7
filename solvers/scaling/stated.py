"""What an answer of this kind says will be measured, for the register of forecasts."""

from solvers.base import Estimate, Forecast
from solvers.documents import Document

TARGET = ("params", "tokens", "flops", "counts", "loss_unit", "unique_tokens")


def stated(result: Document) -> Forecast | None:
    """The loss at the target, of the recipe that is advised where there are several, and the laws behind it.

    None where no loss is foretold, for want of runs.
    """
    if "loss" not in result["estimates"]:
        return None
    plan = result["plan"]
    target = {key: plan["target"][key] for key in TARGET}
    recipes = plan["recipes"]
    if recipes:
        target["recipe"] = recipes["best"]
    return Forecast(
        target=target,
        loss=Estimate(**result["estimates"]["loss"]),
        laws={law["name"]: law["weight"] for law in plan["laws"]},
    )
