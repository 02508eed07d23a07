"""The portal for programs: the same commands and queries as the pages, as JSON."""
