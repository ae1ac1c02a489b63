"""IpAddress: an IPv4 or IPv6 address in a range, or equal to an IPv4 address without a prefix (/32)."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from tenant_keys.review.iam.conditions.operator import Operator, text_of
from tenant_keys.review.iam.wildcards import Piece


def prepare(pieces: tuple[Piece, ...]) -> IPv4Network | IPv6Network:
    """The policy's range."""
    text = text_of(pieces)
    network = ip_network(text, strict=False)
    if network.version == 6 and "/" not in text:
        raise ValueError("the prefix of an IPv6 range is not to be left out: the documented default is /32")
    return network


def matches(value: str, network: IPv4Network | IPv6Network) -> bool:
    """Whether the address lies in the range."""
    return ip_address(value) in network


IP_ADDRESS = Operator("IpAddress", prepare, matches, typed=True)
