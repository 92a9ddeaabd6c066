"""Answers to the assignment as values, and many more mistakes, each with the hint that it must get."""

from __future__ import annotations

import assignment_answers
from assignment_answers import value

import revorder as ro

RIGHT = [(name, value(name, source)) for name, source in assignment_answers.RIGHT]
WRONG = [(name, value(name, source), hint) for name, source, hint in assignment_answers.WRONG]


def bent(name, change):
    """A right answer, changed: `change` gets it, and then the arguments."""
    right = next(answer for exercise, answer in RIGHT if exercise == name)
    return lambda *args: change(right, *args)


def path(word):
    """backward_path, but with these words."""

    def states(update, start, batches):
        made = []
        for n in range(1, len(batches) + 1):
            state = start
            for i in word(n):
                state = update(state, batches[i])
            made.append(state)
        return made

    return states


class Words:
    """An order from a function of (size, n)."""

    def __init__(self, word):
        self.rule = word

    def __call__(self, size):
        made = type("Made", (), {"word": lambda _, n: self.rule(size, n)})
        return made()


def wrong_for(data_order, rule):
    """same_law, but for one data order with this rule."""
    return bent("11-law", lambda right, o, n, k: rule(n, k) if o == data_order else right(o, n, k))


def newest_block_first(size, n):
    return sorted(range(n), key=lambda i: (-(i // size), i))


WRONG += [
    ("11-path", path(lambda n: range(n - 1, 0, -1)), "batch 0 is never applied"),
    ("11-path", path(lambda n: range(n - 2, -1, -1)), "one batch too few"),
    ("11-path", path(lambda n: ()), "the state never moves"),
    ("11-path", bent("11-path", lambda right, *args: right(*args)[-1]), "the last state only"),
    ("11-path", bent("11-path", lambda right, u, start, b: [start, *right(u, start, b)]), "the start is not a step"),
    ("11-path", path(lambda n: range(0, n, 2)), "write out the words"),
    ("11-path", lambda update, start, batches: None, "returned nothing"),
    ("11-path", [1.0, 2.0], "give a function"),
    ("11-path", lambda update, start: start, "TypeError"),
    ("11-order", lambda size: ro.Backward(), "this is backward"),
    ("11-order", lambda size: ro.Forward(), "this is forward"),
    ("11-order", Words(lambda s, n: [i for i in newest_block_first(s, n) if i < n // s * s]), "not full yet."),
    ("11-order", Words(lambda s, n: newest_block_first(s, -(-n // s) * s)), "batches that step n does not have"),
    ("11-order", Words(lambda s, n: [i + 1 for i in newest_block_first(s, n)]), "start at 1"),
    ("11-order", Words(lambda s, n: [0] * n), "mark its blocks"),
    ("11-order", Words(lambda s, n: None), "TypeError"),
    ("11-order", ro.Backward(), "not Backward"),
    ("11-order", lambda size: newest_block_first(size, 9), "no method word(n)"),
    ("11-cost", lambda c, k: max(c), "price of one chain"),
    ("11-cost", lambda c, k: len({n % k for n in c}) * max(c), "not every chain runs on"),
    ("11-cost", lambda c, k: len({n % k for n in c}), "number of chains"),
    ("11-cost", lambda c, k: sum({n % k: n for n in c[::-1]}.values()), "the first of their checkpoints"),
    ("11-cost", lambda c, k: sum(min(n, k) for n in c), "applied again, to another state"),
    ("11-cost", lambda c, k: 7, "mark equal beginnings"),
    ("11-steps", bent("11-steps", lambda right, h, *rest: right(1 - h, *rest)), "which factor does a map shrink"),
    ("11-steps", lambda h, lo, hi, x, tol: ro.theory.steps_needed(h, h * max(hi - x, x - lo), tol), "how far a step"),
    ("11-steps", lambda h, lo, hi, x, tol: ro.theory.steps_needed(1 - h, h * (hi - x), tol), "the upper end only"),
    ("11-steps", lambda h, lo, hi, x, tol: ro.theory.steps_needed(1 - h, h * (x - lo), tol), "the lower end only"),
    ("11-steps", lambda h, lo, hi, x, tol: ro.theory.steps_needed(1 - h, h * (hi - lo), tol), "safe, but not"),
    ("11-steps", bent("11-steps", lambda right, *case: right(*case) - 1), "one step too early"),
    ("11-steps", bent("11-steps", lambda right, *case: right(*case) + 1), "one step too late"),
    ("11-steps", bent("11-steps", lambda right, *case: 2 * right(*case)), "name the rate"),
    ("11-spreads", lambda v, last: v.std(), "return two numbers"),
    ("11-spreads", lambda v, last: (v[:, -last:].std(axis=0).mean(), v[:, -1].std()), "that is the other spread"),
    ("11-spreads", lambda v, last: (v.std(axis=1).mean(), v[:, -1].std()), "you took all steps"),
    ("11-spreads", lambda v, last: (v[:, :last].std(axis=1).mean(), v[:, -1].std()), "these are the first steps"),
    ("11-spreads", lambda v, last: (v[:, -last:].std(), v[:, -1].std()), "path: all runs in one heap"),
    ("11-spreads", lambda v, last: (v[:, -last:].var(axis=1).mean(), v[:, -1].var()), "path: that is a variance"),
    ("11-spreads", lambda v, last: (v[:, -last:].std(axis=1, ddof=1).mean(), v[:, -1].std()), "of steps (ddof=0)"),
    ("11-spreads", lambda v, last: (v[:, -1].std(),) * 2, "both of your numbers compare runs"),
    ("11-spreads", lambda v, last: (0.0, v[:, -1].std()), "measure each run by itself"),
    *(
        ("11-spreads", lambda v, last, over=over: (v[:, -last:].std(axis=1).mean(), over(v, last)), hint)
        for over, hint in {
            lambda v, last: v[:, -last:].std(axis=0).mean(): "no mean over steps",
            lambda v, last: v[:, -last:].mean(axis=1).std(): "that smooths away",
            lambda v, last: v[:, 0].std(): "seeds: that is the first step",
            lambda v, last: v[:, -1].var(): "seeds: that is a variance",
            lambda v, last: v[:, -1].std(ddof=1): "of seeds (ddof=0)",
            lambda v, last: v[:, -last:].std(): "seeds: several steps in one heap",
            lambda v, last: v[:, -last:].std(axis=1).mean(): "both of your numbers follow single runs",
            lambda v, last: 0.0: "how much the runs differ",
        }.items()
    ),
    ("11-law", lambda order, n, k: True, "incremental: the sequence is fixed"),
    ("11-law", lambda order, n, k: False, "iid: the batches are independent draws"),
    ("11-law", lambda order, n, k: order != "incremental" and (n <= k or n % k == 0), "know no epochs"),
    *(
        ("11-law", wrong_for(order, rule), hint)
        for order, rule, hint in [
            ("shuffle_once", lambda n, k: n <= k or n % k == 0, "a repeated shuffle, read from its end, is what"),
            ("shuffle_once", lambda n, k: n % k == 0, "what does a repeated shuffle look like"),
            ("shuffle_once", lambda n, k: n <= k, "if the shuffle is the same"),
            ("shuffle_once", lambda n, k: False, "as likely as any other one"),
            ("reshuffle", lambda n, k: n % k == 0, "a part of the FIRST one"),
            ("reshuffle", lambda n, k: n <= k, "what of several whole ones"),
            ("reshuffle", lambda n, k: False, "as likely as before"),
            ("flipflop", lambda n, k: True, "where do the mirrored epochs stand"),
            ("flipflop", lambda n, k: n % (2 * k) == 0, "an ordinary shuffle"),
            ("flipflop", lambda n, k: n <= k, "an epoch with its mirror image"),
            ("flipflop", lambda n, k: n <= k or n == 2 * k, "two mirrored pairs"),
            ("flipflop", lambda n, k: False, "is there no n at all"),
        ]
    ),
    ("11-law", lambda order, n, k: "yes", "do the same for its reversal"),
]  # fmt: skip
