"""A second proof by another method: policies as formulas, and an SMT solver that looks for a request that breaks them.

It shares no code with the first (review/proof) nor with the evaluator (review/iam), which replays what it finds. Its
sources are the pages of AWS that each module names, the manifest, and docs/iam-readings.md for rules that AWS leaves
open.
"""

from tenant_keys.review.second_opinion.opinion import Answered, Breach, Opinion, second_opinion, sentences

__all__ = ["Answered", "Breach", "Opinion", "second_opinion", "sentences"]
