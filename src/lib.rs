//! `abgleich` keeps a staffITpro database and Outlook mailboxes in agreement: contacts, appointments and tasks.
//!
//! # One page to hold in your head
//!
//! ```text
//!              people: cli, TOML files                          Outlook side
//!                       │                                    ┌── exchange (EWS over HTTPS)
//!   staffITpro side     ▼                                    ├── pst (Outlook data files)
//!   source ──────────► engine: observe → plan → guard → apply ◄──► mailbox ──┤
//!   (adapter plugin,    │                                    │
//!    C ABI)             ▼                                    └── memory (tests)
//!                    state (SQLite: pairs, bases, keys, intents, journal, cursors, findings, runs)
//! ```
//!
//! | module | kind | what it is for |
//! |---|---|---|
//! | [`model`] | pure | the words both sides speak: the table of fields, content, canonical form, fingerprints, scopes, rules' settings |
//! | [`reason`] | pure | the catalogue of outcomes, German and English |
//! | [`config`] | pure (reading: effect) | TOML files to valid settings, all problems at once |
//! | [`source`] | effect | the seam to staffITpro, and the host of adapter plugins |
//! | [`mailbox`] | effect | the seam to Outlook, with Exchange and PST files behind it |
//! | [`cloud`] | pure | the domains of Exchange Online, where nobody has a server |
//! | [`ews`] | pure (transport: effect) | the protocol, usable alone |
//! | [`mapi`] | pure | Outlook's properties and the blobs in them, whatever carries them |
//! | [`pst`] | effect (layouts: pure) | the format of PST files in three layers, usable alone |
//! | [`state`] | effect | what must survive from run to run |
//! | [`engine`] | both | the four steps of a run |
//! | [`watch`] | pure | when which mailbox is looked at, for a program that stays |
//!
//! The binary's `cli` is the shell around it: arguments, printing, exit codes. The library prints nothing.
//!
//! # A run over one mailbox
//!
//! 1. **Recover.** What an earlier run began and could not settle is settled: a create whose answer was lost is found by
//!    the token that travelled in the item.
//! 2. **Observe.** The filter, the records' changes and the folders' changes are read page by page. What is read becomes a
//!    *mark* on a pair in the same transaction that moves the position or cursor: nothing read is lost, and nothing else of
//!    it is kept. Absence proves nothing; items that are not where they were are looked for by their stamp.
//! 3. **Plan.** Marked pairs are read on both sides, turned into fingerprints, and decided by
//!    [`engine::plan::plan`], a pure function that sees no values. Verdicts are spooled; what needs no write is settled on
//!    the spot. Pairing happens in a second pass, when the keys of all records are known.
//! 4. **Guard.** The brake folds over the spool before the first effect.
//! 5. **Apply.** Batch by batch: values are read again under the planned versions, intents and before-images become durable,
//!    the effect is made, what was written is read back, the halves of the base move.
//! 6. **Drain.** The folders' feeds are read once more, so that our own echoes are behind us.
//!
//! # Invariants worth knowing
//!
//! * **Nothing is created or deleted in staffITpro**, and no guest is ever mailed: the seams have no words for it.
//! * **A half of a base moves only on acknowledgement**, to what was read back. Record and item have a half each, so what a
//!   server normalises is no difference.
//! * **A forbidden write is never planned.** Modes, rule G7, guests, privacy, rights and `writes = "off"` are looked up in
//!   the planner; the apply step has no rules of its own.
//! * **Everything unknown is data**: response codes, elements, words of a newer adapter.
//! * **What cannot be read is never taken for absent.**
//!
//! # Where this departs from a first design, and why
//!
//! * The engine is blocking and runs one mailbox on one thread: adapters, SQLite and PST block anyway, and the only
//!   asynchronous part, EWS, is driven from within its mailbox. Rules read top to bottom without a single `await`.
//! * Bases hold fingerprints, not values: a pair takes a kilobyte or two, and no content lies about in the state. Values that
//!   are overwritten stand in the journal.
//! * Each mailbox's thread has a connection of its own instead of one writer thread: SQLite's write lock orders the batches. Only
//!   what somebody outside depends on waits for the disk, such as an intent; what was committed before goes along ([`state`]).
//! * Feed positions are kept for each mailbox rather than each source, since every call to a source names a user.

pub mod cloud;
pub mod config;
pub mod engine;
pub mod ews;
pub mod mailbox;
pub mod mapi;
pub mod model;
pub mod pst;
pub mod reason;
pub mod source;
pub mod state;
pub mod watch;
