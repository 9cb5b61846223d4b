//! Tests of the EWS module from outside: recorded conversations, requests against the official
//! schemas, properties that hold for any bytes, and the transport against a peer that only knows
//! literal bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "ews/anonymous.rs"]
mod anonymous;
#[path = "ews/autodiscover.rs"]
mod autodiscover;
#[path = "ews/fixtures.rs"]
mod fixtures;
#[path = "ews/login.rs"]
mod login;
#[path = "ews/loss.rs"]
mod loss;
#[path = "ews/malformed.rs"]
mod malformed;
#[path = "ews/peer.rs"]
mod peer;
#[path = "ews/people.rs"]
mod people;
#[path = "ews/properties.rs"]
mod properties;
#[path = "ews/recordings.rs"]
mod recordings;
#[path = "ews/requests.rs"]
mod requests;
#[path = "ews/streams.rs"]
mod streams;
#[path = "ews/transport.rs"]
mod transport;
#[path = "ews/ways.rs"]
mod ways;
