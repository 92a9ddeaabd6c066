"""Arrow: spans of ticks -> states, compiled. States, batches and ticks come in as arrays; the same states come out."""
