"""The CDK constructs of the estate.

`constructs/` is a source root without `__init__.py`: with one it would hide the PyPI package `constructs` and break
`import aws_cdk`.
"""
