//! Autodiscover: from a mail address to the URL of its server (effect; all but the driver and the name look-up is pure).
//!
//! A help for the one who sets abgleich up; the URL in the configuration is the first-class way. The questions go over our own
//! lanes and not over a client of their own: a lane already speaks every scheme of logging in, believes the same certificates,
//! and follows no redirect by itself, which is what must not happen here.
//!
//! [`Walk`] decides, [`Finder`] does. [`answer::read`] is a function of bytes alone, so that it can be fuzzed.

pub mod answer;
mod event;
mod finder;
mod hosts;
mod names;
mod request;
mod srv;
mod walk;

pub use answer::{Answer, Endpoints};
pub use event::{Event, What};
pub use finder::Finder;
pub use hosts::Hosts;
pub use names::look_up;
pub use request::{Dialect, body};
pub use srv::Srv;
pub use walk::{Found, Outcome, Step, Told, Walk};
