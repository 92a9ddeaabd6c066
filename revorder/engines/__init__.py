"""Arrow: plan, update and batches -> states. A plan comes in; (rows, states) go out, a few checkpoints at a time."""
