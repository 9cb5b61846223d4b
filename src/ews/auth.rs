//! Logging in: who, and by which means (pure but for the system's own mechanisms).

pub mod login;
pub mod password;

pub use login::{Login, Scheme, Ticket};
pub use password::Password;
