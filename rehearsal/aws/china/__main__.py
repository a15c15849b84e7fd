"""`python -m china --port N …` serves AWS China on 127.0.0.1."""

from __future__ import annotations

import os
import sys

from . import settings

settings.parse(sys.argv[1:])
# The managed policies (AmazonEKSClusterPolicy and others) exist only with this, and only if it is set before moto loads.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_PORT"] = str(settings.settings.port)

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app  # noqa: E402
from werkzeug.serving import run_simple  # noqa: E402

from . import boundaries, ec2, ecr, eks, gateway, identity, quotas, rds, routes, s3  # noqa: E402, F401


class Quiet(MotoRequestHandler):
    """Keeps connections open, as AWS does, and writes no access log: `--log` has one."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


application = gateway.Gateway(DomainDispatcherApplication(create_backend_app), eks.everything)
run_simple("127.0.0.1", settings.settings.port, application, threaded=True, request_handler=Quiet)
