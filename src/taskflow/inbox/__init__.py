"""Nothing done twice on the way in, and a place for what cannot be done."""
