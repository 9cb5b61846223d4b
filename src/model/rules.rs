//! Pure: the settings that the planner's rules ask for, one [`ScopeSettings`] for each of the nine switches, and the
//! limits of the brake. The words and defaults are those of the sync contract (rules D1 to D19).

use crate::model::keyed::keyed;
use crate::model::{FieldSet, Mode, Module, Scope, Switch};

keyed! {
    /// Who wins where both sides changed a field to different values (rule D1).
    Conflict {
        /// The later edit time wins; within two seconds staffITpro does.
        Newest = "newest",
        /// staffITpro wins.
        Staffitpro = "staffitpro",
        /// Outlook wins.
        Outlook = "outlook",
        /// Nobody: the field is held until somebody decides.
        Hold = "hold",
    }
}

keyed! {
    /// What becomes of an item whose record left the filter or is gone (rule D6).
    Leftover {
        /// The item stays as it is.
        Keep = "keep",
        /// The item goes to Deleted Items, if the connector made it and nobody touched it since.
        Delete = "delete",
    }
}

keyed! {
    /// Whether items that were in Outlook before may be paired with records (rule D3).
    Adopt {
        /// By exact keys, one to one.
        Exact = "exact",
        /// Never: such items are left alone.
        Never = "never",
    }
}

keyed! {
    /// Whether the first transfer waits for a word (rule D2).
    FirstTransfer {
        /// `sync` creates nothing before somebody asked for the first transfer.
        Ask = "ask",
        /// The first run is the first transfer.
        Auto = "auto",
    }
}

keyed! {
    /// Where an item shows the record that it belongs to (rule D18).
    Reference {
        /// A marked block at the end of the body.
        Body = "body",
        /// A category.
        Category = "category",
        /// Nowhere.
        None = "none",
    }
}

keyed! {
    /// Whether anything may be written (rule D19).
    Writes {
        /// Writes happen.
        On = "on",
        /// The run reports what it would do and writes nothing there.
        Off = "off",
    }
}

/// How old an activity may be and still be created in Outlook (rule D16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PastDays {
    /// Not when it ended, or was finished, more than this many days ago.
    Days(u32),
    /// At any age.
    All,
}

impl std::fmt::Display for PastDays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Days(days) => write!(f, "{days}"),
            Self::All => f.write_str("all"),
        }
    }
}

/// What applies to one switch of one mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeSettings {
    /// Which switch this is.
    pub scope: Scope,
    /// What the switch does.
    pub mode: Mode,
    /// The fields that do not travel (rule D19).
    pub except: FieldSet,
    /// The folder below the default folder of the kind, parts separated by `/`; `None` is the default folder itself.
    pub folder: Option<String>,
    /// The category that items of this scope carry.
    pub category: Option<String>,
    /// Where an item shows its record.
    pub reference: Reference,
    /// How old an activity may be when it is created; [`PastDays::All`] for contacts.
    pub past_days: PastDays,
    /// Who wins a conflict.
    pub conflict: Conflict,
    /// What becomes of the item when its record left the filter.
    pub on_leave: Leftover,
    /// What becomes of the item when its record is gone or reassigned.
    pub on_gone: Leftover,
    /// Whether unstamped items may be paired.
    pub adopt: Adopt,
    /// Whether `sync` creates items for records that never had one, after the first transfer (rule D2).
    pub create_missing: bool,
    /// Whether the first transfer waits for a word.
    pub first_transfer: FirstTransfer,
    /// The limits of the brake.
    pub brake: BrakeLimits,
}

impl ScopeSettings {
    /// Returns what holds for a scope about which no file says anything: nothing moves.
    pub fn default_for(scope: Scope) -> Self {
        let activities = scope.switch == Switch::Activities;
        Self {
            scope,
            mode: Mode::None,
            except: FieldSet::EMPTY,
            folder: None,
            category: None,
            reference: Reference::None,
            past_days: if activities { PastDays::Days(30) } else { PastDays::All },
            conflict: Conflict::Newest,
            on_leave: Leftover::Keep,
            on_gone: if activities { Leftover::Delete } else { Leftover::Keep },
            adopt: Adopt::Exact,
            create_missing: true,
            first_transfer: FirstTransfer::Ask,
            brake: BrakeLimits::default(),
        }
    }
}

/// The settings of all nine switches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes([ScopeSettings; 9]);

impl Scopes {
    /// Asks for the settings of each switch in turn, in the order of [`Scope::ALL`].
    pub fn new(of: impl FnMut(Scope) -> ScopeSettings) -> Self {
        Self(Scope::ALL.map(of))
    }

    /// Returns the settings of a switch.
    pub fn of(&self, scope: Scope) -> &ScopeSettings {
        let [
            applicant_contacts,
            applicant_activities,
            business_contacts,
            business_activities,
            leads,
            positions,
            contracts,
            offers,
            general,
        ] = &self.0;
        match (scope.module, scope.switch) {
            (Module::Applicants, Switch::Contacts) => applicant_contacts,
            (Module::Applicants, Switch::Activities) => applicant_activities,
            (Module::BusinessContacts, Switch::Contacts) => business_contacts,
            (Module::BusinessContacts, Switch::Activities) => business_activities,
            // The other five have no contacts (rule G1), so the kind makes no difference.
            (Module::Leads, _) => leads,
            (Module::Positions, _) => positions,
            (Module::Contracts, _) => contracts,
            (Module::Offers, _) => offers,
            (Module::General, _) => general,
        }
    }

    /// Walks all nine in the order of [`Scope::ALL`].
    pub fn iter(&self) -> std::slice::Iter<'_, ScopeSettings> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Scopes {
    type Item = &'a ScopeSettings;
    type IntoIter = std::slice::Iter<'a, ScopeSettings>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// How much a run may do to one scope of one mailbox within 24 hours before it stops and asks (rule D7). Where there
/// is a number and a percentage, the contract says whether both or one of them must be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BrakeLimits {
    /// Items created, outside a first transfer.
    pub created: u32,
    /// Items updated in Outlook; stops when both this and the percentage are exceeded.
    pub updated_outlook: u32,
    /// Per cent of the scope's pairs updated in Outlook.
    pub updated_outlook_percent: u32,
    /// Records updated in staffITpro; stops when both this and the percentage are exceeded.
    pub updated_staffitpro: u32,
    /// Per cent of the scope's pairs updated in staffITpro.
    pub updated_staffitpro_percent: u32,
    /// Values replaced by blanks.
    pub cleared: u32,
    /// Items deleted; stops when this or the percentage is exceeded, whichever is smaller.
    pub deleted: u32,
    /// Per cent of the scope's pairs deleted.
    pub deleted_percent: u32,
    /// Items missing in Outlook; stops when this or the percentage is exceeded, whichever is smaller.
    pub missing: u32,
    /// Per cent of the scope's pairs missing in Outlook.
    pub missing_percent: u32,
    /// Per cent of its members that the filter may lose.
    pub filter_lost_percent: u32,
}

impl Default for BrakeLimits {
    fn default() -> Self {
        Self {
            created: 1000,
            updated_outlook: 500,
            updated_outlook_percent: 50,
            updated_staffitpro: 50,
            updated_staffitpro_percent: 10,
            cleared: 10,
            deleted: 10,
            deleted_percent: 10,
            missing: 10,
            missing_percent: 10,
            filter_lost_percent: 50,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Leftover, PastDays, ScopeSettings, Scopes};
    use crate::model::{Mode, Scope};

    #[test]
    fn each_switch_finds_its_own_settings() {
        let scopes = Scopes::new(ScopeSettings::default_for);
        for scope in Scope::ALL {
            assert_eq!(scopes.of(scope).scope, scope);
        }
        assert_eq!(scopes.iter().count(), 9);
    }

    #[test]
    fn d6_and_d16_defaults_differ_by_kind() {
        let contacts = ScopeSettings::default_for(Scope::ALL[0]);
        let activities = ScopeSettings::default_for(Scope::ALL[1]);
        assert_eq!((contacts.on_leave, contacts.on_gone), (Leftover::Keep, Leftover::Keep));
        assert_eq!((activities.on_leave, activities.on_gone), (Leftover::Keep, Leftover::Delete));
        assert_eq!(contacts.past_days, PastDays::All);
        assert_eq!(activities.past_days, PastDays::Days(30));
        assert_eq!(activities.mode, Mode::None);
    }
}
