//! Kubernetes: server-side apply, order, readiness, inventory.
