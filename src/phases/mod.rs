//! The resources of each phase, one folder a phase.
