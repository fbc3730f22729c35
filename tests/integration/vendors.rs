//! The real binary against stand-in vendors: right numbers, the promised requests, and what it says when they fail.

mod cancelling;
mod clearing;
mod coalescing;
mod crashes;
mod deadline;
mod facts;
mod fallback;
mod faults;
mod french;
mod gate;
mod key;
mod lifecycle;
mod look_through;
mod outage;
mod progress;
mod story;
mod strain;
mod strain_plans;
mod strain_yields;
mod two_processes;
mod verified;
mod world;
mod yields;
