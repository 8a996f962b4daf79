"""The recurring processor (port 8001): the next instance of what recurs."""
