"""Whether names go on from one resolution to the next: is this the content that was sent before?

*Evidence* is kept of what has been sent; a *comparison* asks the upstream for as much as it takes;
*content names* and *preludes* make sure that one name never stands for two contents.
"""
