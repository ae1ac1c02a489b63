"""What AWS's documents state, each with its source: quotas and operations. Read in November 2026.

Every other package takes these facts from here, so that a correction is one edit. A choice of the design, such as which
role may do what, is no fact of AWS: the review keeps its own copy, since it must not repeat a mistake of the app.
"""
