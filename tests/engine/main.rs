//! The engine on a world in memory and the real store on disk: whatever happens, the next run gets to the same end.

mod journal;
mod objects;
mod plan;
mod plug;
mod random;
mod retry;
mod schema;
mod select;
mod shared;
mod state;
mod stop;
mod sweep;
mod transfer;
mod world;
