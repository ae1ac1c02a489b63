"""Every policy document of the estate, as pure functions from the model to dicts. No CDK here."""
