//! Copies of images between real registries, with a proxy between that makes them fail.

#[path = "../support/mod.rs"]
mod support;

mod archives;
mod copies;
mod faults;
mod images;
mod killed;
mod logins;
mod proxy;
mod world;
