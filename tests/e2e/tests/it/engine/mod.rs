//! The job engine under everything that happens to it: killed, frozen and crashing workers, crowds, held transactions,
//! clock changes, shutdowns. What single statements promise is tested beside them, in `adapter-postgres`.

mod crowd;
mod lifecycle;
mod process;
mod schedules;
mod shutdown;
mod world;
