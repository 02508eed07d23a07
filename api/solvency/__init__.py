"""What keeps a free API payable: slices of the spend budget, a breaker, and tiers that are earned."""
