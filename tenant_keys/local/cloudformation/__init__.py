"""CloudFormation: ministack's engine, with KMS and IAM called as the execution role, and the types that it lacks."""

from tenant_keys.local.cloudformation.registration import install

__all__ = ["install"]
