"""What the portals share: people, organisations, sign-in, audit log, layout, charts.

Knows who is asking and how a page looks; knows nothing of campaigns, keys or money. A portal is
given these things and adds its own routes and templates.
"""
