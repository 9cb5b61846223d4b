//! Pure: names of time zones. Outlook stores Windows names, staffITpro has IANA names.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, OnceLock};

use chrono_tz::{TZ_VARIANTS, Tz};
use jiff::civil::date;
use jiff::tz::TimeZone;
use windows_timezones::WindowsTimezone;

/// A zone by its IANA name, with its rules.
#[derive(Clone, Debug)]
pub struct Zone {
    /// The IANA name.
    pub name: String,
    /// The rules.
    pub rules: TimeZone,
    /// The Windows name, once it was asked for.
    windows: OnceLock<Option<&'static str>>,
}

impl Zone {
    /// Finds a zone by its IANA name.
    pub fn iana(name: &str) -> Option<Self> {
        let rules = TimeZone::get(name).ok()?;
        // The database finds names in any case; what it calls the zone is what is kept.
        let name = rules.iana_name().unwrap_or(name);
        // Windows' UTC is "Etc/UTC" in Unicode's table; everybody else says "UTC".
        let name = if name == "Etc/UTC" { "UTC" } else { name }.to_owned();
        Some(Self { name, rules, windows: OnceLock::new() })
    }

    /// Coordinated Universal Time.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), rules: TimeZone::UTC, windows: OnceLock::new() }
    }

    /// Finds the zone that an item names. A Windows name stands for many IANA names: where it is that of the mailbox's own
    /// zone, the item is in that zone (`Europe/Vienna` does not come back as `Europe/Berlin`).
    pub fn of_item(id: &str, mailbox: &Self) -> Option<Self> {
        if mailbox.windows() == Some(id.trim()) {
            return Some(mailbox.clone());
        }
        Self::of_mailbox(id)
    }

    /// Finds the zone that a mailbox names: a Windows name, else an IANA name (some programs store those), else the word
    /// that Exchange has for UTC. Anything else, such as `tzone://Microsoft/Custom` or an empty name (both seen in the
    /// field, notes.md §2.2), is `None`, and the zone of the mailbox stands in.
    pub fn of_mailbox(id: &str) -> Option<Self> {
        let id = id.trim();
        if let Ok(windows) = id.parse::<WindowsTimezone>() {
            return Self::iana(windows.tzdb_id());
        }
        if id.eq_ignore_ascii_case("tzone://Microsoft/Utc") {
            return Some(Self::utc());
        }
        (!id.is_empty()).then(|| Self::iana(id)).flatten()
    }

    /// Returns the Windows name: that of the zone itself, of its older name, or of a zone that has had the same rules since
    /// 2015. `None` where no Windows zone keeps the same time.
    pub fn windows(&self) -> Option<&'static str> {
        *self.windows.get_or_init(|| self.find_windows())
    }

    fn find_windows(&self) -> Option<&'static str> {
        let mapped = |name: &str| {
            let zone: Tz = name.parse().ok()?;
            WindowsTimezone::try_from(zone).ok()
        };
        let older = RENAMED.iter().find(|(new, _)| *new == self.name).map(|(_, old)| *old);
        mapped(&self.name)
            .or_else(|| mapped(older?))
            .or_else(|| self.with_same_rules())
            .map(WindowsTimezone::name)
    }

    fn with_same_rules(&self) -> Option<WindowsTimezone> {
        principal(&self.rules, 2015..2035)
    }

    /// Finds the zone of rules that came with an item: the mailbox's own where it keeps the same time, else the zone of some
    /// Windows name that does. Rules that nobody else has keep the mailbox's name and their own time, so that days and instants
    /// are right and only the name is the next best; see `has_name`.
    pub fn of_rules(rules: &str, mailbox: &Self) -> Option<Self> {
        let own = TimeZone::posix(rules).ok()?;
        let years = 2026..2038;
        if same_time(&own, &mailbox.rules, years.clone()) {
            return Some(mailbox.clone());
        }
        let known = KNOWN.get_or_init(Mutex::default);
        let mut known = known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Few mailboxes have more than a handful; a hostile server does not fill the memory.
        if known.len() > MOST_RULES {
            known.clear();
        }
        let name = *known
            .entry(rules.to_owned())
            .or_insert_with(|| principal(&own, years).map(WindowsTimezone::tzdb_id));
        match name {
            Some(name) => Self::iana(name),
            None => Some(Self { name: mailbox.name.clone(), rules: own, windows: OnceLock::new() }),
        }
    }
}

/// Says whether rules are those of a zone that has a name. A series in a zone without one cannot be carried over: under any other
/// name it would leave its hour when the clocks change (rule D10).
pub(super) fn has_name(rules: &TimeZone) -> bool {
    rules.iana_name().is_some()
}

/// The Windows zones of rules that were looked up before; going through all zones takes a while.
static KNOWN: OnceLock<Mutex<HashMap<String, Option<&'static str>>>> = OnceLock::new();

/// How many of them are remembered.
const MOST_RULES: usize = 256;

/// Finds the first Windows zone that keeps the same time through these years. Only the zone that a name stands for in the first
/// place counts, so that a small country's past is not taken for it.
fn principal(rules: &TimeZone, years: Range<i16>) -> Option<WindowsTimezone> {
    TZ_VARIANTS.iter().find_map(|zone| {
        let windows = WindowsTimezone::try_from(*zone).ok()?;
        let other = Zone::iana(windows.tzdb_id())?;
        (windows.tzdb_id() == zone.name() && same_time(rules, &other.rules, years.clone()))
            .then_some(windows)
    })
}

/// Returns the zones that the Windows names stand for in the first place, some more than once.
#[cfg(test)]
pub(super) fn table() -> impl Iterator<Item = &'static str> {
    TZ_VARIANTS
        .iter()
        .filter_map(|zone| WindowsTimezone::try_from(*zone).ok())
        .map(WindowsTimezone::tzdb_id)
}

/// Names that tzdb has given since the names that the Unicode table keeps for ever (CLDR, windowsZones.xml).
const RENAMED: &[(&str, &str)] = &[
    ("America/Argentina/Buenos_Aires", "America/Buenos_Aires"),
    ("America/Argentina/Catamarca", "America/Catamarca"),
    ("America/Argentina/Cordoba", "America/Cordoba"),
    ("America/Argentina/Jujuy", "America/Jujuy"),
    ("America/Argentina/Mendoza", "America/Mendoza"),
    ("America/Atikokan", "America/Coral_Harbour"),
    ("America/Indiana/Indianapolis", "America/Indianapolis"),
    ("America/Kentucky/Louisville", "America/Louisville"),
    ("America/Nuuk", "America/Godthab"),
    ("Asia/Ho_Chi_Minh", "Asia/Saigon"),
    ("Asia/Kathmandu", "Asia/Katmandu"),
    ("Asia/Kolkata", "Asia/Calcutta"),
    ("Asia/Yangon", "Asia/Rangoon"),
    ("Atlantic/Faroe", "Atlantic/Faeroe"),
    ("Europe/Kyiv", "Europe/Kiev"),
    ("Pacific/Kanton", "Pacific/Enderbury"),
    ("UTC", "Etc/UTC"),
];

/// Says whether two zones show the same time through these years, looked at twice a month.
fn same_time(one: &TimeZone, other: &TimeZone, mut years: Range<i16>) -> bool {
    years.all(|year| {
        (1..=12).flat_map(|month| [(month, 1), (month, 15)]).all(|(month, day)| {
            let noon = TimeZone::UTC.to_ambiguous_timestamp(date(year, month, day).at(12, 0, 0, 0));
            noon.compatible().is_ok_and(|noon| one.to_offset(noon) == other.to_offset(noon))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::Zone;

    fn windows(name: &str) -> Option<&'static str> {
        Zone::iana(name).expect("an IANA name").windows()
    }

    #[test]
    fn quirk_37_iana_names_have_the_windows_names_of_cldr() {
        // Unicode CLDR 46, windowsZones.xml.
        assert_eq!(windows("Europe/Berlin"), Some("W. Europe Standard Time"));
        assert_eq!(windows("Europe/Vienna"), Some("W. Europe Standard Time"));
        assert_eq!(windows("Europe/Paris"), Some("Romance Standard Time"));
        assert_eq!(windows("Europe/Warsaw"), Some("Central European Standard Time"));
        assert_eq!(windows("America/New_York"), Some("Eastern Standard Time"));
        assert_eq!(windows("UTC"), Some("UTC"));
    }

    #[test]
    fn an_item_in_the_zone_of_the_mailbox_has_its_name() {
        let vienna = Zone::iana("Europe/Vienna").unwrap();
        let name = |id| Zone::of_item(id, &vienna).map(|zone| zone.name);
        assert_eq!(name("W. Europe Standard Time").as_deref(), Some("Europe/Vienna"));
        assert_eq!(name("Eastern Standard Time").as_deref(), Some("America/New_York"));
        assert_eq!(name("nirgendwo"), None);
    }

    #[test]
    fn quirk_37_renamed_zones_and_aliases_are_found() {
        assert_eq!(windows("Asia/Kolkata"), Some("India Standard Time"));
        assert_eq!(windows("Europe/Kyiv"), Some("FLE Standard Time"));
        // tzdb knows "CET" and "Iceland"; Unicode's table does not. They keep the time of Brussels and of Reykjavík.
        assert_eq!(windows("Iceland"), Some("Greenwich Standard Time"));
        let central = windows("CET").expect("a zone with the same rules");
        assert!(central.contains("Europe") || central == "Romance Standard Time", "{central}");
    }

    #[test]
    fn rules_find_the_zone_that_keeps_the_same_time() {
        let vienna = Zone::iana("Europe/Vienna").unwrap();
        let name = |rules| Zone::of_rules(rules, &vienna).map(|zone| zone.name);
        // The rules of the European Union: the mailbox's own zone, whatever else keeps them.
        let european = "<STD>-1:00:00<DST>-2:00:00,M3.5.0/2:00:00,M10.5.0/3:00:00";
        assert_eq!(name(european).as_deref(), Some("Europe/Vienna"));
        let pacific = "<STD>8:00:00<DST>7:00:00,M3.2.0/2:00:00,M11.1.0/2:00:00";
        assert_eq!(name(pacific).as_deref(), Some("America/Los_Angeles"));
        // Rules that nobody has keep their own time under the mailbox's name.
        let own = Zone::of_rules("<ZONE>-1:30:00", &vienna).unwrap();
        assert_eq!(own.name, "Europe/Vienna");
        let noon = "2026-07-01T12:00:00Z".parse().unwrap();
        assert_eq!(own.rules.to_datetime(noon).to_string(), "2026-07-01T13:30:00");
        assert!(!super::has_name(&own.rules) && super::has_name(&vienna.rules));
        assert!(Zone::of_rules("Unsinn", &vienna).is_none());
    }

    #[test]
    fn quirk_38_what_mailboxes_name_is_found_in_this_order() {
        let name = |id| Zone::of_mailbox(id).map(|zone| zone.name);
        assert_eq!(name("W. Europe Standard Time").as_deref(), Some("Europe/Berlin"));
        assert_eq!(name("Europe/Zurich").as_deref(), Some("Europe/Zurich"));
        assert_eq!(name("tzone://Microsoft/Utc").as_deref(), Some("UTC"));
        assert_eq!(name("UTC").as_deref(), Some("UTC"));
        assert_eq!(name("tzone://Microsoft/Custom"), None);
        assert_eq!(name("Customized Time Zone"), None);
        assert_eq!(name(""), None);
    }
}
