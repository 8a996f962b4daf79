"""Tasks: what they are, the rules they follow, and the only code that writes them."""
