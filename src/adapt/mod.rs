//! Adaptations, API uplift and the audit of a render.
