"""Answers to notebook 12 as a learner would type them: right ones, and wrong ones with the hint each must get."""

from __future__ import annotations

from assignment_answers import typed

NAMES = {
    "12-losses": "backward_losses",
    "12-average": "average",
    "12-paired": "paired",
    "12-price": "left_to_pay",
}
POINTS = {"12-losses": 4, "12-average": 3, "12-paired": 4, "12-price": 3}
SENTENCES = {"sentence-model": 2, "sentence-average": 2, "sentence-result": 2}  # graded by hand

LOSSES = """
import copy

def backward_losses(network, batches, test, lr):
    first, losses = copy.deepcopy(network.state_dict()), []
    loss_of = lambda batch: torch.nn.functional.cross_entropy(network(batch[0]), batch[1])
    optimizer = torch.optim.SGD(network.parameters(), lr=lr)
    for n in range(1, len(batches) + 1):
        network.load_state_dict(first)
        for batch in reversed(batches[:n]):
            optimizer.zero_grad()
            loss_of(batch).backward()
            optimizer.step()
        losses.append(loss_of(test).item())
    return losses
"""
AVERAGE = """
def average(path, gamma):
    weights = gamma ** np.arange(len(path) - 1)[::-1]
    weights /= weights.sum()
    return weights @ path[1:], 1 / (weights**2).sum()
"""
PAIRED = """
import pandas as pd
from scipy import stats

def paired(folder, metric, step):
    rows = pd.read_csv(f"{folder}/metrics.csv")
    rows = rows[(rows.metric == metric) & (rows.step == step)]
    table = rows.pivot(index="seed", columns="order", values="value").dropna()
    gaps = table["backward"] - table["forward"]
    half = stats.t.ppf(0.975, len(gaps) - 1) * gaps.std() / len(gaps) ** 0.5
    return gaps.mean(), gaps.mean() - half, gaps.mean() + half
"""
PRICE = """
def left_to_pay(config, finished):
    looks = [n for n in range(config["stride"], config["steps"] + 1, config["stride"]) if n >= config["first"]]
    runs = [[order, seed] for order in config["orders"] for seed in range(config["seeds"])]
    return sum(ro.plan(order, looks).cost for order, seed in runs if [order, seed] not in finished)
"""


def changed(text, old, new):
    """A right answer, mistyped."""
    assert old in text
    return text.replace(old, new)


RIGHT = typed(
    ("12-losses", LOSSES),
    (
        "12-losses",  # the library's own
        """
        def backward_losses(network, batches, test, lr):
            loss, params = ro.module_loss(network, torch.nn.functional.cross_entropy)
            update = ro.sgd(loss, lr)
            metrics = {"test loss": lambda state: loss(update.params(state), test)}
            steps = range(1, len(batches) + 1)
            run = ro.run(update, update.init(params), batches, "backward", steps, metrics=metrics, progress=False)
            return run.metrics["test loss"]
        """,
    ),
    ("12-average", AVERAGE),
    (
        "12-average",
        """
        def average(path, gamma):
            mean, squares, total = np.zeros(path.shape[1]), 0.0, 0.0
            for state in path[1:]:
                mean = gamma * mean + (1 - gamma) * state
                total = gamma * total + (1 - gamma)
                squares = gamma**2 * squares + (1 - gamma) ** 2
            return [list(mean / total), total**2 / squares]
        """,
    ),
    ("12-paired", PAIRED),
    (
        "12-paired",
        """
        import pandas as pd

        def paired(folder, metric, step):
            rows = pd.read_csv(f"{folder}/metrics.csv").query("metric == @metric and step == @step")
            one, other = (rows[rows.order == o].set_index("seed").value for o in ("backward", "forward"))
            found = ro.diagnostics.mean_interval((one - other).dropna())
            return found.mean, found.low, found.high
        """,
    ),
    ("12-price", PRICE),
    (
        "12-price",
        """
        def left_to_pay(config, finished):
            total = 0
            for order in config["orders"]:
                looks = range(config["stride"], config["steps"] + 1, config["stride"])
                looks = [n for n in looks if n >= config["first"]]
                name, _, width = order.partition(":")
                one = {"forward": looks[-1], "backward": sum(looks)}.get(name)
                if one is None:
                    one = looks[-1] - int(width) + len(looks) * int(width)
                total += one * (config["seeds"] - sum(run[0] == order for run in finished))
            return total
        """,
    ),
)

WRONG = typed(
    ("12-losses", changed(LOSSES, "        network.load_state_dict(first)\n", ""), "restore its first parameters"),
    ("12-losses", changed(LOSSES, "copy.deepcopy(network.state_dict())", "network.state_dict()"), "from a copy"),
    ("12-losses", changed(LOSSES, "            optimizer.zero_grad()\n", ""), "gradients add up"),
    ("12-losses", changed(LOSSES, "reversed(batches[:n])", "batches[:n]"), "the forward path"),
    ("12-losses", changed(LOSSES, "reversed(batches[:n])", "batches[-n:][::-1]"), "reversed the data order"),
    ("12-losses", changed(LOSSES, "reversed(batches[:n])", "batches[n - 1:0:-1]"), "batch 0 is never applied"),
    ("12-losses", changed(LOSSES, "loss_of(test)", "loss_of(batch)"), "on the batch just applied"),
    ("12-losses", changed(LOSSES, "return losses", "return losses[-1]"), "the last loss only"),
    ("12-losses", changed(LOSSES, "lr=lr", "lr=lr, weight_decay=0.1"), "one step of SGD on batch 0 alone"),
    ("12-average", changed(AVERAGE, "weights /= weights.sum()", "weights *= 1 - gamma"), "do not sum to 1"),
    ("12-average", changed(AVERAGE, "[::-1]", ""), "the oldest state has the largest weight"),
    ("12-average", changed(AVERAGE, "gamma ** np", "(1 - gamma) ** np"), "gamma and 1 - gamma are exchanged"),
    ("12-average", changed(AVERAGE, "1 / (weights**2).sum()", "1 / (1 - gamma)"), "how far back the weights reach"),
    ("12-average", changed(AVERAGE, "1 / (w", "(w"), "upside down"),
    ("12-average", changed(AVERAGE, ", 1 / (weights**2).sum()", ""), "return two things"),
    ("12-paired", changed(PAIRED, 'table["backward"] - table["forward"]', 'table["forward"] - table["backward"]'),
     "the wrong way round"),
    ("12-paired", changed(PAIRED, ".dropna()", ".fillna(0)"), "leave it out"),
    ("12-paired", changed(PAIRED, " / len(gaps) ** 0.5", ""), "the interval of the MEAN"),
    ("12-paired", changed(PAIRED, "stats.t.ppf(0.975, len(gaps) - 1)", "1.96"), "Student's quantile is larger"),
    ("12-paired", changed(PAIRED, "0.975", "0.95"), "beyond EACH end"),
    ("12-paired", changed(PAIRED, "gaps.std()", "gaps.std(ddof=0)"), "divides by n - 1"),
    ("12-paired", changed(PAIRED, "return gaps.mean(), ", "return "), "the mean is missing"),
    (
        "12-paired",
        """
        import pandas as pd

        def paired(folder, metric, step):
            rows = pd.read_csv(f"{folder}/metrics.csv").query("metric == @metric and step == @step")
            one, other = (rows[rows.order == o].value.to_numpy() for o in ("backward", "forward"))
            found = ro.diagnostics.mean_interval(one - other)
            return found.mean, found.low, found.high
        """,
        "you pair by place in the table",
    ),
    ("12-price", changed(PRICE, " if [order, seed] not in finished", ""), "the whole experiment"),
    ("12-price", changed(PRICE, "not in finished", "in finished"), "has been paid already"),
    ("12-price", changed(PRICE, 'range(config["stride"],', 'range(config["first"],'), "multiples of the stride"),
    ("12-price", changed(PRICE, ' if n >= config["first"]]', "]"), "`first` is not heeded"),
    ("12-price", changed(PRICE, "ro.plan(order, looks).cost", "len(looks)"), "you counted checkpoints"),
    ("12-price", changed(PRICE, "ro.plan(order, looks).cost", "sum(looks)"), "price one run of each order first"),
)  # fmt: skip
