//! Copies of images between real registries, with a proxy between that makes them fail.

#[path = "../support/mod.rs"]
mod support;

mod archives;
mod copies;
mod deployment;
mod faults;
mod images;
mod killed;
mod logins;
mod program;
mod proxy;
mod tunnel;
mod ways;
mod world;
