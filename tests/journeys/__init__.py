"""From nothing to the end, as three people go: who installs a wheel, who grades a class, who brings an own model."""
