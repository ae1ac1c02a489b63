"""Requests that AWS decides and does not carry out, made as a workload: what it may do, and what it must not."""
