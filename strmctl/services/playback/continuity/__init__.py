"""Whether names stay valid from one resolution to the next: is it the content that was sent before?

*Evidence* is kept of what has been sent. A *comparison* asks the upstream for as much as it needs
to see whether that is still the same. *Content names* and *preludes* (keys and init sections) make
sure that one name never stands for two contents.
"""
