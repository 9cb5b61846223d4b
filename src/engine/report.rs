//! Pure: what a run says when it is done, as values; the shell renders them (style.md: the library prints nothing).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Direction, Field, FieldSet, Mode, RecordId, Scope, UserId};
use crate::reason::{Advice, Code};

macro_rules! counts {
    ($($(#[$doc:meta])+ $name:ident),+ $(,)?) => {
        /// Counts of a run.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
        #[schemars(rename = "Tally")]
        pub struct Counts { $($(#[$doc])+ pub $name: u64),+ }

        impl Counts {
            /// Adds another run's or scope's counts.
            pub const fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)+
            }
        }
    };
}

// The names are published: they stand in the report and in its schema.
counts! {
    /// Items created in Outlook.
    created,
    /// Items that were there before and are linked now.
    linked,
    /// Items updated in Outlook.
    updated_outlook,
    /// Records updated in staffITpro.
    updated_staffitpro,
    /// Items moved to Deleted Items.
    deleted_outlook,
    /// Items that a person had moved, and whose pair followed.
    moved,
    /// Pairs that were compared and needed nothing.
    unchanged,
    /// Left as they are, on purpose.
    kept,
    /// Waiting for a word or for the next run.
    waiting,
    /// Held because they are in doubt.
    held,
    /// Outside what is moved.
    skipped,
    /// Failed.
    failed,
}

impl Counts {
    /// Returns how many writes there were on either side.
    pub const fn writes(&self) -> u64 {
        self.created + self.updated_outlook + self.updated_staffitpro + self.deleted_outlook
    }
}

/// How a mailbox's run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It ran to its end.
    Done,
    /// It waits for a word: brake, first transfer, rebind.
    Waits,
    /// The mailbox failed.
    Failed,
    /// The server cannot be reached.
    Unreachable,
    /// The source cannot be reached.
    SourceDown,
    /// The state cannot be used, whatever the mailbox.
    StateFailed,
    /// Another run is at this mailbox.
    Busy,
    /// It was asked to end before it was done; what it had begun is settled.
    Interrupted,
}

/// Why a mailbox stopped before its first write, or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The reason.
    pub code: Code,
    /// The scope it concerns, if it is one.
    pub scope: Option<Scope>,
    /// The number that the word must repeat (`--allow cleared=23`), where there is one.
    pub number: Option<u64>,
    /// The limit that was exceeded.
    pub limit: Option<u64>,
    /// Up to three records, by number and name unless private.
    pub examples: Vec<String>,
    /// What happened, for failures: the chain of causes.
    pub text: String,
    /// What to do.
    pub hint: Option<Advice>,
    /// By what an administrator finds the request that failed; it stands in `text` as well.
    pub request: Option<String>,
}

/// Something a person may want to know or has to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The reason.
    pub code: Code,
    /// The scope.
    pub scope: Option<Scope>,
    /// The record.
    pub record: Option<RecordId>,
    /// Number and name of the record; `None` where it or its item is private.
    pub label: Option<String>,
    /// The fields it is about.
    pub fields: FieldSet,
    /// Why, in the words of the side that did not take or give something: a code or a clause, without values.
    pub detail: Option<String>,
    /// Both sides' values, for `--values`: field key, staffITpro, Outlook.
    pub values: Vec<(String, String, String)>,
    /// When this finding was first made.
    pub first_seen: Timestamp,
    /// Whether this run made it first.
    pub new: bool,
}

/// What a run means to do, or did, with one pair: a line of `plan`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The scope.
    pub scope: Scope,
    /// The record.
    pub record: RecordId,
    /// Number and name; `None` where private.
    pub label: Option<String>,
    /// What will be done: `create`, `link`, `update-outlook`, `update-staffitpro`, `update-both`, `delete`, …
    pub action: &'static str,
    /// Fields that go to Outlook.
    pub to_outlook: FieldSet,
    /// Fields that go to staffITpro.
    pub to_staffitpro: FieldSet,
    /// The reasons that decided.
    pub reasons: Vec<(Code, FieldSet)>,
}

/// The report of one mailbox.
#[derive(Clone, Debug)]
pub struct MailboxReport {
    /// The staffITpro user.
    pub user: UserId,
    /// The address or path.
    pub address: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it stopped, where it did; several brakes may hold at once.
    pub stopped: Vec<Stopped>,
    /// The words that let a mailbox go on that waits for some: all that its next run needs, those that this one was given among them
    /// (rule D7).
    pub words: BTreeSet<(&'static str, u64)>,
    /// Counts by scope.
    pub scopes: BTreeMap<Scope, Counts>,
    /// Findings, new ones first.
    pub findings: Vec<Finding>,
    /// What was asked to be explained.
    pub explanation: Option<Explanation>,
}

/// Both sides of a pair and its base, field by field, and what the planner makes of them: `plan --explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The record.
    pub record: RecordId,
    /// Number and name; `None` where private.
    pub label: Option<String>,
    /// The scope.
    pub scope: Scope,
    /// The mode in force.
    pub mode: Mode,
    /// Version, edit time and editor of the record.
    pub record_edit: Edit,
    /// Version, edit time and editor of the item; `None` where there is none.
    pub item_edit: Option<Edit>,
    /// Every field of the kind that either side knows.
    pub fields: Vec<FieldExplanation>,
    /// The word of the action.
    pub action: &'static str,
    /// The reasons that decided.
    pub reasons: Vec<(Code, FieldSet)>,
}

/// Who edited a side last, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// The version.
    pub version: String,
    /// When.
    pub at: Option<Timestamp>,
    /// Who.
    pub by: Option<String>,
}

/// One field of an explanation. Values of private pairs are not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldExplanation {
    /// The field.
    pub field: Field,
    /// What the record holds.
    pub record: String,
    /// What the item holds.
    pub item: String,
    /// Whether the record changed since the pair was settled; `None`: they meet for the first time.
    pub record_changed: Option<bool>,
    /// Whether the item changed since.
    pub item_changed: Option<bool>,
    /// Where the value goes, if anywhere.
    pub goes: Option<Direction>,
}

impl MailboxReport {
    /// Adds up the scopes.
    pub fn totals(&self) -> Counts {
        let mut totals = Counts::default();
        for counts in self.scopes.values() {
            totals.add(counts);
        }
        totals
    }
}

/// What a run tells while it works; the shell draws progress from it.
#[derive(Clone, Debug)]
pub enum Event {
    /// A mailbox entered a phase.
    Phase {
        /// The user.
        user: UserId,
        /// The phase.
        phase: Phase,
    },
    /// The server wants to be left alone, and the mailbox waits for so long.
    Waits {
        /// The user.
        user: UserId,
        /// How long.
        time: Duration,
    },
    /// staffITpro is busy, and the mailbox waits for so long.
    SourceBusy {
        /// The user.
        user: UserId,
        /// How long.
        time: Duration,
    },
    /// So many of so many steps of the phase are done.
    Progress {
        /// The user.
        user: UserId,
        /// Steps done.
        done: u64,
        /// Steps in all, where known.
        total: Option<u64>,
    },
}

/// The phases of a run over one mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the phases say all there is to say")]
pub enum Phase {
    Recovering,
    ReadingStaffitpro,
    ReadingOutlook,
    Planning,
    Writing,
    Finishing,
}
