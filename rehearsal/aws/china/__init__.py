"""An extension of moto_server that makes it answer as the AWS China partition does.

moto knows the partition's ARNs, and little else of it: this package adds the operations, hosts, zones, quotas and
refusals that a deployment in cn-north-1 or cn-northwest-1 meets, and the time that things take. It patches moto's
classes when it is imported; `python -m china` serves the result.
"""
