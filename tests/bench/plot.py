"""The table as a picture; needs matplotlib, which the dependency group ``bench`` has."""

from importlib.util import find_spec
from pathlib import Path

from tests.bench.cost import Cost

__all__ = ["COLOURS", "can_plot", "plot"]

COLOURS = {"limit": "#7f7f7f", "ours": "#2ca02c", "others": "#1f77b4"}


def can_plot() -> bool:
    """Whether there is something to draw with."""
    return find_spec("matplotlib") is not None


def plot(costs: list[Cost], folder: Path) -> list[Path]:
    """Draw one bar for each contender, as PNG and as SVG; gives the files."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - it is optional, and slow to import

    ordered = sorted(costs, key=lambda cost: -cost.ratio)
    figure = Figure(figsize=(9, 0.28 * len(ordered) + 1.2), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(
        [cost.name for cost in ordered],
        [cost.ratio for cost in ordered],
        color=[COLOURS[cost.kind] for cost in ordered],
    )
    axes.bar_label(bars, [f"{cost.ratio:.2f}" for cost in ordered], padding=3)
    axes.set_xscale("log")
    axes.set_xlim(0.8, max(cost.ratio for cost in ordered) * 1.6)
    axes.set_xlabel("CPU for each event, as a ratio to a bare socket with one typed decode (log scale)")
    axes.spines[["top", "right"]].set_visible(False)
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "performance.png", folder / "performance.svg"]
    for file in files:
        figure.savefig(file, dpi=120, metadata={"Date": None} if file.suffix == ".svg" else None)
    return files
