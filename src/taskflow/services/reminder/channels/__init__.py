"""The ways by which a reminder reaches a person beside the page, one file each behind one port."""
