"""What TaskFlow is measured against; each module is a program of its own."""
