"""One chat completion from its bytes to its row: read, ask for an ad, relay, place, book."""
