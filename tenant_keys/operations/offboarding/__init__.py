"""The end of a tenant's key: last use, disabling, evidence, deletion, certificate (AWS KMS guide, deleting-keys)."""
