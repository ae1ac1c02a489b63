"""KMS for one laptop: symmetric keys with the states, errors and conditions on which isolation rests."""
