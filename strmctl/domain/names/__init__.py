"""What file and folder names say, form by form: each module holds one form that people's tools
write; what no form fits is doubted, never made up.

A *piece* is one name of a path. A *mark* is what numbers an episode in it. What stands before the
mark is the title, taken as written; what stands behind it may hold the language.
"""
