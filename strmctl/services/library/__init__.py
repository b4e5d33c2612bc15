"""Whose is which file: the library's tree, the files that rows own, and files of strangers.

A *stray* is a file of strmctl's that no row names; in mode direct *ownership* is told by the URL.
*Sidecars* are what lies beside a file: its `.nfo` and subtitles.
"""
