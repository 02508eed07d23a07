"""What advertisers bring and publishers offer: advertisers, campaigns, creatives, publishers.

Commands write it, queries read it, everything between is pure. Every write moves the catalog's
generation, by which the matching index knows that it is out of date.
"""
