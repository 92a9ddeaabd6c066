"""Experiments that are killed, stopped, paused, copied, damaged and starved of disk; and what must hold in the end.

`child` is what runs an experiment, `starting` starts it, `acts` has all that can happen to it, `rounds` lets it happen,
`watching` looks on meanwhile, `ending` says what must hold. `plants` breaks the library, to see that it is noticed.
"""
