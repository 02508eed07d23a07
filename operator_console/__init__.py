"""Where operators of the network decide: the review of creatives.

Server-rendered pages for people marked as operators; it keeps no tables of its own. What belongs to
every portal comes from `web`, what is decided goes through the catalog's commands.
"""
