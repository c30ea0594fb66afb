"""Editing a rule through a form or a grid: the text is the truth, every edit is a small splice of it.

No NiceGUI here. `splices` changes a text, `grid` and `form` read one as a table or as fields, `completing`
says what may be written at a place.
"""
