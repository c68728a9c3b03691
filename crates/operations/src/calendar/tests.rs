//! The engine over the fakes.

mod adopting;
mod anew;
mod booking;
mod busy;
mod changing;
mod checker;
mod comparing;
mod deciding;
mod disputes;
mod freed;
mod gateway;
mod hosts;
mod model;
mod others;
mod outside;
mod recurring;
mod unagreed;
mod visits;
mod waiting;
mod world;
