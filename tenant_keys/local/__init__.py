"""AWS on the laptop: ministack with a KMS and an STS of ours, decided by the review's own evaluator."""

from tenant_keys.local.aws import LocalAws

__all__ = ["LocalAws"]
