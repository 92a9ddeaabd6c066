"""Answers to the exercises of notebook 06: right, beside the solution that ships, and wrong, with the hints."""

import numpy as np

import revorder as ro


class NewestFirst:
    def word(self, n):
        return (n - 1, *range(n - 1))


RIGHT = [
    ("06-words", NewestFirst()),
    ("06-words", NewestFirst().word),
    ("06-words", lambda n: np.roll(np.arange(n), 1)),
    ("06-cost", lambda N: sum(range(N + 1))),
    ("06-cost", lambda N: ro.plan("backward", range(1, N + 1)).cost),
    ("06-cyclic", lambda N, K: sum(N - chain for chain in range(K))),
]

WRONG = [
    ("06-words", lambda n: tuple(range(n)), "forward order"),
    ("06-words", lambda n: (*range(n - 2, -1, -1), n - 1), "read in the order of application"),
    ("06-words", lambda n: (n, *range(1, n)), "counted from 0"),
    ("06-words", lambda n: (n - 1, *range(n)), "twice"),
    ("06-words", lambda n: tuple(range(n - 1)), "lacks the newest batch"),
    ("06-words", lambda n: (n - 1, *range(n - 2, -1, -1)), "must run forward"),
    ("06-words", lambda n: (0, n - 1, *range(1, n - 1)), "starts with batch 0"),
    ("06-words", lambda n: (n - 1, *range(1, n - 1)), "each of the batches 0 to 2 once"),
    ("06-words", lambda n: [float(number) for number in NewestFirst().word(n)], "must be integers"),
    ("06-words", lambda n: None, "returned nothing"),
    ("06-words", NewestFirst, "make an object of it: NewestFirst()"),
    ("06-words", (3, 0, 1, 2), "give a function of n"),
    ("06-words", lambda n: 1 / 0, "ZeroDivisionError"),
    ("06-cost", lambda N: N, "BATCHED CALLS"),
    ("06-cost", lambda N: N**2, "different lengths"),
    ("06-cost", lambda N: N * (N - 1) // 2, "off by one word"),
    ("06-cost", lambda N: sum(n + 1 for n in range(1, N + 1)), "the start is not an evaluation"),
    ("06-cost", lambda N: N + 1, "how many words start with the same batch"),
    ("06-cost", lambda N: 2**N, "too much"),
    ("06-cost", lambda N: 0, "too little"),
    ("06-cost", lambda N: None, "returned nothing"),
    ("06-cost", 55, "give a function"),
    ("06-cyclic", lambda N, K: N * (N + 1) // 2, "without sharing"),
    ("06-cyclic", lambda N, K: K * N, "of different lengths"),
    ("06-cyclic", lambda N, K: K * N - K * (K + 1) // 2, "off by one"),
    ("06-cyclic", lambda N, K: K * (K + 1) // 2, "after one period"),
    ("06-cyclic", lambda N, K: N, "one chain"),
    ("06-cyclic", lambda N, K: K, "number of chains"),
    ("06-cyclic", lambda N: N, "TypeError"),
    ("06-cyclic", lambda N, K: K * N - K, "too much"),
]

SPOILERS = ("N(N+1)", "N*(N+1)", "K*N-", "KN-", "K(K-1)")
