"""What advertisers and publishers are told about what happened; reads events, writes nothing."""
