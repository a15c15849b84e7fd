//! The native renderer: kustomize semantics, synchronous, no network.
