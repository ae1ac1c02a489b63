"""NotIpAddress: the negation of IpAddress; true when the key is absent."""

from tenant_keys.review.iam.conditions.ip_address import IP_ADDRESS

NOT_IP_ADDRESS = IP_ADDRESS.negation("NotIpAddress")
