"""Where answers come from, behind one protocol: any OpenAI-format endpoint, or the demo model."""
