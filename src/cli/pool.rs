//! Shell: works on several mailboxes at once. Each server gets as many threads as it may have connections, files get two; a mailbox that
//! fails, or that uncovers a defect of ours, changes nothing for the others (invariant 11).

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use abgleich::config::{MailboxSettings, Settings, Target};

/// How many files are worked on at once.
const FILES: usize = 2;

/// Does `work` for each mailbox and returns the results in the order of the mailboxes. Where `work` panics, `broken` says
/// what became of the mailbox.
pub(super) fn each<T: Send>(
    settings: &Settings,
    mailboxes: &[&MailboxSettings],
    work: impl Fn(&MailboxSettings) -> T + Sync,
    broken: impl Fn(&MailboxSettings, String) -> T + Sync,
) -> Vec<T> {
    let done: Mutex<BTreeMap<usize, T>> = Mutex::default();
    let queues = by_server(settings, mailboxes);
    thread::scope(|scope| {
        for (threads, queue) in &queues {
            let next = std::sync::Arc::new(AtomicUsize::new(0));
            for _ in 0..*threads {
                let next = std::sync::Arc::clone(&next);
                let (work, broken, done) = (&work, &broken, &done);
                scope.spawn(move || {
                    while let Some((place, mailbox)) =
                        queue.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let result = catch_unwind(AssertUnwindSafe(|| work(mailbox)))
                            .unwrap_or_else(|panic| broken(mailbox, said(panic.as_ref())));
                        done.lock().unwrap_or_else(PoisonError::into_inner).insert(*place, result);
                    }
                });
            }
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// A number of threads, and the mailboxes they share, each with its place among all.
type Queue<'a> = (usize, Vec<(usize, &'a MailboxSettings)>);

fn by_server<'a>(settings: &Settings, mailboxes: &[&'a MailboxSettings]) -> Vec<Queue<'a>> {
    let mut queues: BTreeMap<Option<&str>, Queue<'a>> = BTreeMap::new();
    for (place, mailbox) in mailboxes.iter().enumerate() {
        let (server, lanes) = match &mailbox.target {
            Target::Exchange { server, .. } => {
                let lanes = settings.servers.get(server).map_or(1, |server| server.max_lanes);
                (Some(server.as_str()), usize::try_from(lanes).unwrap_or(1))
            }
            // Files share a disk and no server: one that is slow to open does not hold up all the others.
            Target::Pst { .. } => (None, FILES),
        };
        let (threads, queue) = queues.entry(server).or_default();
        queue.push((place, *mailbox));
        *threads = lanes.clamp(1, queue.len());
    }
    queues.into_values().collect()
}

/// Returns what a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no words").to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use abgleich::config;

    use super::each;

    const CONFIG: &str = r#"version = 1
language = "en"
[state]
folder = "state"
[sources.staffitpro]
adapter = "sqlite"
zone = "Europe/Berlin"
settings = { file = "demo.db" }
[servers.exchange]
url = "https://mail.firma.example/EWS/Exchange.asmx"
login = { scheme = "basic", user = 'svc', password = { env = "NOT_READ_HERE" } }
max_lanes = 3
[defaults.applicants]
contacts = "sync"
[mailboxes.office]
A = "a@firma.example"
B = "b@firma.example"
C = "c@firma.example"
D = "d@firma.example"
E = "e@firma.example"
"#;

    #[test]
    fn i11_a_mailbox_that_panics_changes_nothing_for_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("abgleich.toml");
        fs::write(&file, CONFIG).unwrap();
        let settings = config::load(&file).unwrap().settings;
        let mailboxes: Vec<_> = settings.mailboxes.iter().collect();
        let said = each(
            &settings,
            &mailboxes,
            |mailbox| {
                assert!(mailbox.user.as_str() != "B", "a defect with {}", mailbox.user);
                format!("{} done", mailbox.user)
            },
            |mailbox, text| format!("{} broken: {text}", mailbox.user),
        );
        assert_eq!(said, ["A done", "B broken: a defect with B", "C done", "D done", "E done"]);
    }
}
