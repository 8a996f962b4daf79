"""Runs services: all of them in one process, with a database of their own."""
