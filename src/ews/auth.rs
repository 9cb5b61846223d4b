//! Logging in: who, and by which means (pure but for the system's own mechanisms).
//!
//! A [`Login`] says who logs in and how; what is configured is used, and nothing weaker ever takes
//! its place. An [`Account`] is a login with what all its lanes share: the [`Gate`] that stops them
//! after one refusal, and the ticket that was fetched for it. A [`Conversation`] makes the login on
//! one connection; it knows tokens and nothing of HTTP.
//!
//! NTLM is our own, since no crate has all that Extended Protection asks for. Kerberos is the
//! system's: GSSAPI, loaded when it is needed, or SSPI on Windows.

pub mod binding;
pub mod error;
pub mod gate;
#[cfg(unix)]
#[allow(unsafe_code, reason = "the functions of the system's GSSAPI library")]
mod gssapi;
pub mod login;
pub mod mechanism;
pub mod ntlm;
pub mod password;
#[cfg(windows)]
#[allow(unsafe_code, reason = "the functions of Windows' SSPI")]
mod sspi;

pub use binding::{BindingMode, ChannelBinding};
pub use error::LoginError;
pub use gate::{Gate, Pass, Refused};
pub use login::{Login, Scheme, Ticket};
pub use mechanism::{Account, Conversation, Token};
pub use password::Password;
