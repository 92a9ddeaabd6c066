"""Arrow: order -> plan. Words come in; shared work goes out: a trie of prefixes, ticks, and their price. No tensors."""
