"""The one package that knows ministack, a file for each part of it.

Everything here is internal to ministack, so its version is pinned; the tests of `local` are run on every bump.
"""
