"""The reminder service (port 8002): plans reminders and fires them."""
