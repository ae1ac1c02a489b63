"""A deployment planned ahead: the calls that its stacks make, the rates that AWS keeps, the order and the duration."""
