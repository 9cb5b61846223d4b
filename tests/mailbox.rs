//! Mailboxes behind the seam, against the simulated Exchange: the contract, the rules about guests and stale writes, and
//! what goes wrong on the way.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "tests fail by panicking"
)]

#[path = "mailbox/agreement.rs"]
mod agreement;
#[path = "mailbox/attached.rs"]
mod attached;
#[path = "mailbox/bench.rs"]
mod bench;
#[path = "mailbox/broken.rs"]
mod broken;
#[path = "mailbox/clock.rs"]
mod clock;
#[path = "mailbox/contract.rs"]
mod contract;
#[path = "mailbox/conversations.rs"]
mod conversations;
#[path = "mailbox/entering.rs"]
mod entering;
#[path = "mailbox/faults.rs"]
mod faults;
#[path = "mailbox/file.rs"]
mod file;
#[path = "mailbox/listen.rs"]
mod listen;
#[path = "mailbox/meanwhile.rs"]
mod meanwhile;
#[path = "mailbox/occurrences.rs"]
mod occurrences;
#[path = "mailbox/outlook.rs"]
mod outlook;
#[path = "mailbox/person.rs"]
mod person;
#[path = "mailbox/player.rs"]
mod player;
#[path = "mailbox/random.rs"]
mod random;
#[path = "mailbox/series.rs"]
mod series;
#[path = "mailbox/weather.rs"]
mod weather;
