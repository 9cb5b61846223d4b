//! Pure: modules of staffITpro, the nine switches (rule G1), the four modes, and what a mode permits.

use std::fmt;

/// A module of staffITpro.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Module {
    /// Bewerber (Kandidaten): contacts and activities.
    Applicants,
    /// Geschäftskontakte (Kunden): contacts and activities; the contacts never flow back (rule G7).
    BusinessContacts,
    /// Leads: activities only.
    Leads,
    /// Positionen (Jobs): activities only.
    Positions,
    /// Verträge: activities only.
    Contracts,
    /// Angebote: activities only.
    Offers,
    /// Allgemeine: activities only.
    General,
}

impl Module {
    /// All seven, in the order in which staffITpro shows them.
    pub const ALL: [Self; 7] = [
        Self::Applicants,
        Self::BusinessContacts,
        Self::Leads,
        Self::Positions,
        Self::Contracts,
        Self::Offers,
        Self::General,
    ];

    /// Returns the word used in configuration files, messages and the adapter protocol.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Applicants => "applicants",
            Self::BusinessContacts => "business_contacts",
            Self::Leads => "leads",
            Self::Positions => "positions",
            Self::Contracts => "contracts",
            Self::Offers => "offers",
            Self::General => "general",
        }
    }

    /// Returns the words of staffITpro's German user interface; the first is shown in reports.
    pub const fn german(self) -> &'static [&'static str] {
        match self {
            Self::Applicants => &["Bewerber", "Kandidaten"],
            Self::BusinessContacts => &["Geschäftskontakte", "Kunden"],
            Self::Leads => &["Leads"],
            Self::Positions => &["Positionen", "Jobs"],
            Self::Contracts => &["Verträge"],
            Self::Offers => &["Angebote"],
            Self::General => &["Allgemeine"],
        }
    }

    /// Finds the module with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|module| module.key() == key)
    }

    /// Says whether the module holds contacts of its own (rule G1).
    pub const fn has_contacts(self) -> bool {
        matches!(self, Self::Applicants | Self::BusinessContacts)
    }

    /// Says whether the filter „Outlook Synchronisation“ decides what moves (rule G2).
    pub const fn has_filter(self) -> bool {
        self.has_contacts()
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// The two kinds of data a switch can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Switch {
    /// Kontakte.
    Contacts,
    /// Aufgaben und Termine.
    Activities,
}

impl Switch {
    /// Returns the word used in configuration files and messages.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Activities => "activities",
        }
    }

    fn from_key(key: &str) -> Option<Self> {
        [Self::Contacts, Self::Activities].into_iter().find(|switch| switch.key() == key)
    }

    /// Returns the German words; the first is shown in reports.
    pub const fn german(self) -> &'static [&'static str] {
        match self {
            Self::Contacts => &["Kontakte"],
            Self::Activities => &["Aufgaben und Termine"],
        }
    }
}

/// One module × one kind: one of the nine switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// The module of staffITpro.
    pub module: Module,
    /// Contacts or activities.
    pub switch: Switch,
}

impl Scope {
    /// The nine switches (rule G1), contacts first within a module.
    pub const ALL: [Self; 9] = [
        Self { module: Module::Applicants, switch: Switch::Contacts },
        Self { module: Module::Applicants, switch: Switch::Activities },
        Self { module: Module::BusinessContacts, switch: Switch::Contacts },
        Self { module: Module::BusinessContacts, switch: Switch::Activities },
        Self { module: Module::Leads, switch: Switch::Activities },
        Self { module: Module::Positions, switch: Switch::Activities },
        Self { module: Module::Contracts, switch: Switch::Activities },
        Self { module: Module::Offers, switch: Switch::Activities },
        Self { module: Module::General, switch: Switch::Activities },
    ];

    /// Builds a scope, or returns `None` for contacts of a module that has none (rule G1).
    pub fn new(module: Module, switch: Switch) -> Option<Self> {
        (switch == Switch::Activities || module.has_contacts()).then_some(Self { module, switch })
    }

    /// Finds the scope written `module.kind`, such as `applicants.contacts`.
    pub fn from_key(key: &str) -> Option<Self> {
        let (module, switch) = key.split_once('.')?;
        Self::new(Module::from_key(module)?, Switch::from_key(switch)?)
    }

    /// Says whether changes of this scope may ever reach staffITpro (rule G7).
    pub const fn may_write_staffitpro(self) -> bool {
        !matches!(self, Self { module: Module::BusinessContacts, switch: Switch::Contacts })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.module.key(), self.switch.key())
    }
}

/// What a switch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Synchronisieren: the newest data wins, both ways (rule G5).
    Sync,
    /// staffITpro überschreibt Outlook (S→O, rule G3).
    StaffitproOverwritesOutlook,
    /// Outlook überschreibt staffITpro (O→S, rule G4).
    OutlookOverwritesStaffitpro,
    /// Keine Aktion: no write, no read beyond identity.
    None,
}

impl Mode {
    /// All four modes.
    pub const ALL: [Self; 4] = [
        Self::Sync,
        Self::StaffitproOverwritesOutlook,
        Self::OutlookOverwritesStaffitpro,
        Self::None,
    ];

    /// Returns the word used in configuration files and messages.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::StaffitproOverwritesOutlook => "staffitpro-overwrites-outlook",
            Self::OutlookOverwritesStaffitpro => "outlook-overwrites-staffitpro",
            Self::None => "none",
        }
    }

    /// Returns the words of staffITpro's German user interface.
    pub const fn german(self) -> &'static str {
        match self {
            Self::Sync => "Synchronisieren",
            Self::StaffitproOverwritesOutlook => "staffITpro überschreibt Outlook",
            Self::OutlookOverwritesStaffitpro => "Outlook überschreibt staffITpro",
            Self::None => "Keine Aktion",
        }
    }

    /// Finds the mode with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.key() == key)
    }

    /// Says whether this mode may carry values in a direction; one-way modes write to one side only (invariant 9).
    pub const fn permits(self, direction: Direction) -> bool {
        match (self, direction) {
            (Self::Sync, _)
            | (Self::StaffitproOverwritesOutlook, Direction::ToOutlook)
            | (Self::OutlookOverwritesStaffitpro, Direction::ToStaffitpro) => true,
            (Self::None, _)
            | (Self::StaffitproOverwritesOutlook, Direction::ToStaffitpro)
            | (Self::OutlookOverwritesStaffitpro, Direction::ToOutlook) => false,
        }
    }
}

/// The way a value travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From the record to the item.
    ToOutlook,
    /// From the item to the record.
    ToStaffitpro,
}

#[cfg(test)]
mod tests {
    use super::{Direction, Mode, Module, Scope, Switch};

    #[test]
    fn g1_contacts_exist_in_two_modules_only() {
        let with: Vec<_> =
            Scope::ALL.iter().filter(|s| s.switch == Switch::Contacts).map(|s| s.module).collect();
        assert_eq!(with, [Module::Applicants, Module::BusinessContacts]);
        assert_eq!(Scope::ALL.len(), 9);
        assert!(Scope::new(Module::Leads, Switch::Contacts).is_none());
    }

    #[test]
    fn invariant_9_one_way_modes_permit_one_way() {
        assert!(!Mode::StaffitproOverwritesOutlook.permits(Direction::ToStaffitpro));
        assert!(!Mode::OutlookOverwritesStaffitpro.permits(Direction::ToOutlook));
        assert!(!Mode::None.permits(Direction::ToOutlook));
    }
}
