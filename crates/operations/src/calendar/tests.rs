//! The engine over the fakes.

mod booking;
mod changing;
mod gateway;
mod outside;
mod world;
