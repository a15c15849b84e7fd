//! A VPC that was there before: what it is, and whether a deployment can live in it.

mod fit;
mod survey;

pub use fit::{Chosen, ENDPOINTS, choose, missing_endpoints};
pub use survey::{Kind, Subnet, Vpc, attribute, survey};
