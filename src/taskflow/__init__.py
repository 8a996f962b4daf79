"""TaskFlow: event-driven task management that never loses anything and can prove it."""
