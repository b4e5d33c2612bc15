"""`probe`: which links are dead, found before a viewer does.

*Turns* decide which link is asked next, politely for each host; *ways out* vouch for the egress;
*saving* stores results as they come.
"""
