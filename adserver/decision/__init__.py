"""Which ad, at what price, or why none: from one turn of a conversation to a recorded decision."""
