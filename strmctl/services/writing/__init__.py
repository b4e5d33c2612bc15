"""`write`: registers identities and writes their `.strm` files, one or thousands.

An *entry* is what somebody asks to write; the *plan* says which row and file it becomes; the
*journal* lets a killed run be finished or taken back.
"""
