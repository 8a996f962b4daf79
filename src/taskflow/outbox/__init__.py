"""Nothing lost on the way out: events are written with the change and published from there."""
