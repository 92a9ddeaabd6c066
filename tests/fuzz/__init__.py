"""Hostile files: what they are made of (`inputs`), and what every loader promises about them (`targets`)."""
