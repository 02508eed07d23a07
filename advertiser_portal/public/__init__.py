"""Pages for everybody: what this is, what it costs, what may be advertised."""
