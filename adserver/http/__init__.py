"""The ad server's web side: decisions for publishers, clicks and "Why this ad?" for readers."""
