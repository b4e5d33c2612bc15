"""Changes to many files at once: planned, braked, carried out, undone.

A *change run* carries out planned changes under the *brake* (`safety.max_change`) and writes the
*journal* that `undo` reads. *Adoption* makes rows of foreign files; *leftovers* are sidecars.
"""
