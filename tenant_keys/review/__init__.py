"""Reads synthesized templates, never the code that made them: evaluation, proof, findings, report."""
