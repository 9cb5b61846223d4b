//! Pure: the catalogue of outcomes (rule D20). Every outcome of a run has one of these codes.

/// Whether an outcome is news, a standing fact, or asks somebody for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Something was done; counted, and named where a person may want to know.
    Done,
    /// Something was deliberately left as it is.
    Kept,
    /// Something waits for a person's word or a later run.
    Waiting,
    /// Something was held back because it is in doubt.
    Held,
    /// Something is outside what this program moves.
    Skipped,
    /// Something failed.
    Failed,
}

macro_rules! catalogue {
    ($($name:ident $code:literal $rule:literal $class:ident;)+) => {
        /// The code of an outcome.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each entry has its sentences in the catalogue")]
        pub enum Code { $($name),+ }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Returns the code as it is printed, logged and stored; it never changes its meaning.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// Returns the rule of the sync contract that decided.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule),+ }
            }

            /// Returns what sort of outcome it is.
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class),+ }
            }
        }
    };
}

catalogue! {
    Created "created" "G3" Done;
    Linked "linked" "D3" Done;
    JoinedByStamp "joined-by-stamp" "D3" Done;
    NewerStaffitpro "newer-staffitpro" "D1" Done;
    NewerOutlook "newer-outlook" "D1" Done;
    TieStaffitpro "tie-staffitpro" "D1" Done;
    SetStaffitpro "set-staffitpro" "D1" Done;
    SetOutlook "set-outlook" "D1" Done;
    OverwrittenOutlook "overwritten-outlook" "G3" Done;
    OverwrittenStaffitpro "overwritten-staffitpro" "G4" Done;
    Moved "moved" "D4" Done;
    Recreated "recreated" "D5" Done;
    Restored "restored" "D5" Done;
    LeftFilterDeleted "left-filter-deleted" "D6" Done;
    GoneDeleted "gone-deleted" "D6" Done;
    LateTwinRemoved "late-twin-removed" "I1" Done;
    ReminderPast "reminder-past" "D17" Done;
    BlankKept "blank-kept" "D1" Kept;
    BusinessContactKept "business-contact-kept" "G7" Kept;
    DeletedInOutlook "deleted-in-outlook" "D5" Kept;
    LeftFilterKept "left-filter-kept" "D6" Kept;
    GoneKept "gone-kept" "D6" Kept;
    DeleteAdopted "delete-adopted" "D6" Kept;
    DeleteChanged "delete-changed" "D6" Kept;
    DeleteGuests "delete-guests" "D6" Kept;
    DeleteOver "delete-over" "D6" Kept;
    DeleteOneWay "delete-one-way" "D6" Kept;
    CopiesLeftAlone "copies-left-alone" "D3" Kept;
    Email4NoSlot "email-4-no-slot" "D11" Kept;
    ForeignAddressKept "foreign-address-kept" "D11" Kept;
    OneWayKept "one-way-kept" "I9" Kept;
    FirstTransferWaiting "first-transfer-waiting" "D2" Waiting;
    WritesOffOutlook "writes-off-outlook" "D19" Waiting;
    WritesOffStaffitpro "writes-off-staffitpro" "D19" Waiting;
    StaleItem "stale-item" "D13" Waiting;
    StaleRecord "stale-record" "D13" Waiting;
    Busy "busy" "D13" Waiting;
    AnswerLost "answer-lost" "I1" Waiting;
    ConflictHeld "conflict-held" "D1" Held;
    ConflictClock "conflict-clock" "D1" Held;
    AddressHeld "address-held" "D1" Held;
    PairAmbiguous "pair-ambiguous" "D3" Held;
    PairNameOnly "pair-name-only" "D3" Held;
    PairContradicts "pair-contradicts" "D3" Held;
    PairTwoRecords "pair-two-records" "D3" Held;
    MissingUnproven "missing-unproven" "D4" Held;
    NotEditable "not-editable" "D14" Held;
    FieldNotWritable "field-not-writable" "D14" Kept;
    GuestsReadOnly "guests-read-only" "D8" Held;
    CreateMissingOff "create-missing-off" "D2" Skipped;
    PrivateSkipped "private-skipped" "D9" Skipped;
    SeriesUnsupported "series-unsupported" "D10" Skipped;
    TooLong "too-long" "D11" Skipped;
    NotVisible "not-visible" "D14" Skipped;
    OldActivity "old-activity" "D16" Skipped;
    OnlyInStaffitpro "only-in-staffitpro" "G4" Skipped;
    RefusedOutlook "refused-outlook" "D13" Failed;
    RefusedStaffitpro "refused-staffitpro" "D13" Failed;
    ItemUnreadable "item-unreadable" "I11" Failed;
    RecordUnreadable "record-unreadable" "I11" Failed;
    BrakeCreated "brake-created" "D7" Waiting;
    BrakeUpdatedOutlook "brake-updated-outlook" "D7" Waiting;
    BrakeUpdatedStaffitpro "brake-updated-staffitpro" "D7" Waiting;
    BrakeCleared "brake-cleared" "D7" Waiting;
    BrakeDeleted "brake-deleted" "D7" Waiting;
    BrakeMissing "brake-missing" "D7" Waiting;
    BrakeFilter "brake-filter" "D7" Waiting;
    BrakeRestored "brake-restored" "D7" Waiting;
    BrakeTurned "brake-turned" "D7" Waiting;
    BrakeTenant "brake-tenant" "D7" Waiting;
    MailboxChanged "mailbox-changed" "D15" Waiting;
    MailboxFailed "mailbox-failed" "I11" Failed;
    MailboxBusy "mailbox-busy" "I12" Failed;
    SourceFailed "source-failed" "I11" Failed;
}

impl Code {
    /// Finds the code that is printed so.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|entry| entry.code() == code)
    }
}
