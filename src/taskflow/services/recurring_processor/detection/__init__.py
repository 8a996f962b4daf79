"""What `pattern_detector` finds habits by: titles, rules and chance."""
