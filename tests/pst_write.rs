//! Writing PST files: random transactions against a model, crashes, failures.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[path = "pst/bent.rs"]
mod bent;
#[path = "pst/compacted.rs"]
mod compacted;
#[path = "pst/crash.rs"]
mod crash;
#[path = "pst/disk.rs"]
mod disk;
#[path = "pst/errors.rs"]
mod errors;
#[path = "pst/items.rs"]
mod items;
#[path = "pst/numbers.rs"]
mod numbers;
#[path = "pst/opening.rs"]
mod opening;
#[path = "pst/real.rs"]
mod real;
#[path = "pst/sharing.rs"]
mod sharing;
#[path = "pst/transactions.rs"]
mod transactions;
#[path = "pst/walker.rs"]
mod walker;

use abgleich::pst::crypt::{self, Crypt};
use abgleich::pst::id::Bid;

/// Decodes a block for the walker.
fn decode(method: u8, bid: u64, data: &mut [u8]) {
    let crypt = Crypt::from_byte(method).unwrap();
    data.copy_from_slice(&crypt::decode(crypt, Bid(bid), data));
}
