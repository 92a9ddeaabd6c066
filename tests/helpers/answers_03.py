"""Answers to the exercises of notebook 03: right, beside the solution that ships, and wrong, with the hints."""

import torch

import revorder as ro

ORDERS = "forward", "backward"


def tosses(fraction, n):
    return [int(fraction * 2**i) % 2 for i in range(1, n + 1)]


def by_halves(fraction, n):
    found = []
    for i in range(n):
        found.append(int(fraction >= 0.5 ** (i + 1)))
        fraction -= found[-1] * 0.5 ** (i + 1)
    return found


def by_running(i, n, h):
    """The weight of batch i: what the state becomes if only that batch is 1."""
    x = torch.zeros(n, dtype=torch.float64)
    x[i] = 1
    ends = [ro.run(lambda t, b: t - h * (t - b), torch.zeros((), dtype=torch.float64), x, order, [n], progress=False)
            for order in ORDERS]  # fmt: skip
    return tuple(float(run.states[0]) for run in ends)


RIGHT = [
    ("03-fraction", by_halves),
    ("03-fraction", ro.theory.bits_of),
    ("03-fraction", lambda fraction, n: torch.tensor(tosses(fraction, n))),
    ("03-fraction", lambda fraction, n: [int(bit) for bit in f"{int(fraction * 2**n):0{n}b}"]),
    (
        "03-weights",
        lambda i, n, h: [ro.theory.batch_weights(ro.order(o).word(n), h)[i] for o in ("forward", "backward")],
    ),
    ("03-weights", by_running),
    ("03-spread", "e, b, a"),
]

WRONG = [
    ("03-fraction", lambda fraction, n: tosses(fraction, n)[::-1], "these tosses make F_n"),
    ("03-fraction", lambda fraction, n: [int(fraction * 2**i) % 2 for i in range(n)], "one place too far right"),
    ("03-fraction", lambda fraction, n: [*tosses(fraction, n)[1:], 0], "leading digit is missing"),
    ("03-fraction", lambda fraction, n: [1 - toss for toss in tosses(fraction, n)], "exchanged: a toss 1"),
    ("03-fraction", lambda fraction, n: [int(bit) for bit in f"{int(fraction * 2**n):b}"], "zeros are tosses"),
    ("03-fraction", lambda fraction, n: f"{int(fraction * 2**n):0{n}b}", "not as text"),
    ("03-fraction", lambda fraction, n: [fraction] * n, "has something else"),
    ("03-fraction", lambda fraction, n: [0] * n, "your tosses make B_n = 0"),
    ("03-fraction", lambda fraction, n: None, "returned nothing"),
    ("03-fraction", [1, 0, 1], "give a function of the fraction"),
    ("03-weights", lambda i, n, h: (h * (1 - h) ** i, h * (1 - h) ** (n - 1 - i)), "swapped"),
    ("03-weights", lambda i, n, h: ((1 - h) ** (n - 1 - i), (1 - h) ** i), "factor h"),
    ("03-weights", lambda i, n, h: ((1 - h) * h ** (n - 1 - i), (1 - h) * h**i), "h and c = 1 - h are exchanged"),
    ("03-weights", lambda i, n, h: (h * (1 - h) ** (n - i), h * (1 - h) ** (i - 1)), "counted from 0"),
    ("03-weights", lambda i, n, h: (h * (1 - h) ** (n - i), h * (1 - h) ** (i + 1)), "off by one in both"),
    ("03-weights", lambda i, n, h: (h * (1 - h) ** (n - 1 - i),) * 2, "both are the forward weight"),
    ("03-weights", lambda i, n, h: (h * (1 - h) ** i,) * 2, "both are the backward weight"),
    ("03-weights", lambda i, n, h: (h * (1 - h) ** (n - i), h * (1 - h) ** i), "in B_n is right, that in F_n is not"),
    ("03-weights", lambda i, n, h: (h * (1 - h) ** (n - 1 - i), h), "in F_n is right, that in B_n is not"),
    ("03-weights", lambda i, n, h: (h, h), "by hand"),
    ("03-weights", lambda i, n, h: h, "give two numbers"),
    ("03-weights", lambda i, n, h: None, "returned nothing"),
    ("03-weights", lambda i, n: (1, 1), "TypeError"),
    ("03-weights", (0.1, 0.2), "give a function of i, n and h"),
    ("03-spread", "ABCE", "compares the steps of ONE run"),
    ("03-spread", "ABDE", "lowest of many steps"),
    ("03-spread", "ABEF", "which map came last"),
    ("03-spread", "AE", "at one step fixed in advance"),
    ("03-spread", "AB", "only adds up"),
    ("03-spread", "ABG", "letters from A to F"),
    ("03-spread", "", "letters from A to F"),
    ("03-spread", ["A"], "one text in quotes"),
]

SPOILERS = ("(1-h)**", "h*c", "c**", "ABE", "A,BandE", "%2")
