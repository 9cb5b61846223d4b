//! Tests of the EWS module from outside: recorded conversations, requests against the official
//! schemas, properties that hold for any bytes, and the transport against a peer that only knows
//! literal bytes.

#[path = "ews/recordings.rs"]
mod recordings;
