"""What stands in, inside the cluster, for EKS, for kubelets' neighbours and for controllers whose images don't run here.

Each module stands in for one thing and says what it leaves out. They act on a real API server, as the real ones do, and
only when the real ones could: a webhook answers once its Service has a ready endpoint, cert-manager issues once its
Deployment is available, and so on, each a moment later.
"""
