"""Where developers get their API keys and see what became of their calls."""
