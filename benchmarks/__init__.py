"""How fast and how large TaskFlow is, beside its peers and the machine's own limit; no test."""
