"""Arrow: engine -> trajectory, the verb `run`. Everything a run needs comes in; a trajectory goes out."""
