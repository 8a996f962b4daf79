"""A task in one line: what is understood of it, and the title that is left."""
