//! How numbers are read, case by case and in general.

mod cases;
mod properties;
