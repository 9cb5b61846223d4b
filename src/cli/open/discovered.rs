//! Shell: what Autodiscover found, kept in the state folder so that not every run has to look again.
//!
//! It is a memory and no truth: an entry is used while the server answers there and its host is still on the list, and it can be deleted at
//! any time.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use abgleich::ews::autodiscover::Found;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

/// After so long a server is looked for again, whether it answers or not: mailboxes move.
const STALE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The file of what was found.
pub(super) struct Discovered {
    path: PathBuf,
}

impl Discovered {
    /// Names the file in a state folder.
    pub(super) fn at(folder: &Path) -> Self {
        Self { path: folder.join("autodiscover.json") }
    }

    /// Returns where the mailbox of an address was found, if that is not long ago. A file that cannot be read is none.
    pub(super) fn known(&self, server: &str, address: &str, now: Timestamp) -> Option<Found> {
        let entry = self.read().remove(&key(server, address))?;
        let text = |name: &str| entry.get(name)?.as_str().map(str::to_owned);
        let when: Timestamp = text("found_at")?.parse().ok()?;
        let age = now.duration_since(when);
        (age >= SignedDuration::ZERO && age < STALE).then_some(())?;
        Some(Found {
            url: text("url")?,
            address: text("address")?,
            grouping: text("grouping"),
            server: text("version"),
        })
    }

    /// Notes where the mailbox of an address is.
    pub(super) fn note(
        &self,
        server: &str,
        address: &str,
        found: &Found,
        now: Timestamp,
    ) -> io::Result<()> {
        let mut all = self.read();
        let entry = json!({
            "url": found.url,
            "address": found.address,
            "grouping": found.grouping,
            "version": found.server,
            "found_at": now.to_string(),
        });
        all.insert(key(server, address), entry);
        self.write(&all)
    }

    /// Forgets where the mailbox of an address was.
    pub(super) fn forget(&self, server: &str, address: &str) -> io::Result<()> {
        let mut all = self.read();
        match all.remove(&key(server, address)) {
            Some(_) => self.write(&all),
            None => Ok(()),
        }
    }

    fn read(&self) -> BTreeMap<String, Value> {
        let Ok(text) = fs::read_to_string(&self.path) else { return BTreeMap::new() };
        let found = serde_json::from_str::<Map<String, Value>>(&text);
        found.map(|found| found.into_iter().collect()).unwrap_or_default()
    }

    /// Whoever reads sees the old file or the new one, never half of one.
    fn write(&self, all: &BTreeMap<String, Value>) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let fresh = self.path.with_extension(format!("{}.new", std::process::id()));
        fs::write(&fresh, serde_json::to_vec_pretty(all)?)?;
        fs::rename(&fresh, &self.path)
    }
}

fn key(server: &str, address: &str) -> String {
    format!("{server} {}", address.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_known_for_a_week_and_can_be_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = Discovered::at(&folder.path().join("state"));
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let found = Found {
            url: "https://mail.firma.example/EWS/Exchange.asmx".to_owned(),
            address: "d@firma.example".to_owned(),
            grouping: Some("site-1".to_owned()),
            server: None,
        };
        assert_eq!(file.known("exchange", "d@firma.example", now), None);
        file.note("exchange", "D@firma.example", &found, now).unwrap();
        file.note("other", "d@firma.example", &found, now).unwrap();
        let later = |hours| now + SignedDuration::from_hours(hours);
        assert_eq!(file.known("exchange", "d@Firma.example", later(167)), Some(found));
        assert_eq!(file.known("exchange", "d@firma.example", later(168)), None, "it is stale");
        assert_eq!(
            file.known("exchange", "d@firma.example", later(-1)),
            None,
            "the clock was set back"
        );
        file.forget("exchange", "d@firma.example").unwrap();
        assert_eq!(file.known("exchange", "d@firma.example", now), None);
        assert!(file.known("other", "d@firma.example", now).is_some());
        fs::write(folder.path().join("state/autodiscover.json"), "{").unwrap();
        assert_eq!(file.known("other", "d@firma.example", now), None, "a broken memory is none");
    }
}
