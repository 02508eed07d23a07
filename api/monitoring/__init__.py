"""What the calls were like: times, failures, costs, by upstream and by group of prompts."""
