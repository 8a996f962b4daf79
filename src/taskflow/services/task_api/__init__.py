"""The Task API (port 8000): accounts, tasks, and the web page."""
