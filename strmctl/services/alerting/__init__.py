"""Tells people what needs them: by message (`[notify.NAME]` of type apprise) and in digests.

A *condition* is something out of order now, a *trouble* one that a run has met, a *reminder* a
finding that a digest has shown already.
"""
