from . import comparators as comparators
