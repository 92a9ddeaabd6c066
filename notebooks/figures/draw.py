"""Draws the README's pictures into this folder: python notebooks/figures/draw.py"""

from pathlib import Path

import revorder as ro

FOLDER = Path(__file__).parent


def main() -> None:
    problem = ro.problems.digits_mlp(lr=0.1, batch_size=8, steps=2000, seed=0)
    runs = [problem.run(order, range(10, 2001, 10)) for order in ("forward", "backward")]
    pictures = {
        "paths": ro.plots.paths_figure(runs, "test loss", unit="nats", log=True),
        "plan": ro.plots.plan_figure(ro.plan("backward", range(1, 6))),
    }
    for name, picture in pictures.items():
        (FOLDER / f"{name}.png").write_bytes(picture.png)
        print(f"{name}.png: {picture.alt}")


if __name__ == "__main__":
    main()
