"""What every service stands on. See README.md."""
