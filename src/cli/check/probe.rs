//! Shell: the write probe of `check --write-probe`: makes an item in each folder that runs write to, reads it back, and moves
//! it to Deleted Items.
//!
//! It cannot hurt. The item is private and carries the stamp of a tenant that no configuration can have, so that no run takes it
//! for a record's, whatever becomes of the probe. Nothing is deleted for good, and no other item is touched. A mailbox whose writes are off
//! is left alone (rule D19), and so is one that a run is at work on (invariant 12).

use abgleich::config::{MailboxSettings, Settings, Writes};
use abgleich::engine::clock::{Entropy as _, SystemEntropy};
use abgleich::mailbox::{Mailbox, MailboxError, Stamp, Write, Wrote};
use abgleich::model::{Content, Field, FolderId, ItemId, ItemKind, ItemVersion, TenantName, Token};
use abgleich::state::MailboxLock;
use jiff::{Timestamp, ToSpan as _};

use crate::cli::check::remark::Remark;
use crate::cli::check::stage::Stage;
use crate::cli::check::state::next;
use crate::cli::check::words::Words;

/// A blank stands in no name of a source, so that this is nobody's tenant.
const TENANT: &str = "abgleich check";

/// Probes the folders; returns how many it wrote to, or what is to be said.
pub(super) fn probe(
    settings: &Settings,
    line: &MailboxSettings,
    mailbox: &mut dyn Mailbox,
    folders: &[(ItemKind, FolderId)],
    words: Words,
) -> Result<usize, Remark> {
    if line.writes == Writes::Off {
        return Err(Remark::warning(Stage::Probe, words.probe_not_allowed()));
    }
    let lock = MailboxLock::take(&settings.state.folder, &line.source, &line.user);
    let _lock = match lock {
        Ok(Some(lock)) => lock,
        Ok(None) => return Err(Remark::warning(Stage::Probe, words.probe_busy())),
        Err(error) => {
            let next = next(&error);
            return Err(Remark::error(Stage::Probe, (error.to_string(), next)));
        }
    };
    for (kind, folder) in folders {
        one(line, mailbox, *kind, folder, words)?;
    }
    Ok(folders.len())
}

fn one(
    line: &MailboxSettings,
    mailbox: &mut dyn Mailbox,
    kind: ItemKind,
    folder: &FolderId,
    words: Words,
) -> Result<(), Remark> {
    let broken = |error: MailboxError| Remark::error(Stage::Probe, (error.text, error.hint));
    let failed =
        |step, said: String| Remark::error(Stage::Probe, words.probe_failed(kind, step, &said));
    let write =
        Write::Create { folder: folder.clone(), content: content(kind, words), stamp: stamp(line) };
    let made = mailbox.apply(kind, &[write]).map_err(broken)?;
    let (id, version) = done(&made).map_err(|said| failed(Step::Create, said))?;
    let mut read = Err("no answer".to_owned());
    mailbox
        .identify(kind, std::slice::from_ref(&id), &mut |_, identity| {
            read = identity.map_err(|error| error.to_string());
        })
        .map_err(broken)?;
    let read = read.map_err(|said| failed(Step::Read, said));
    // Whatever reading said, what was made is taken away again.
    let version = read.as_ref().map_or(version, |identity| identity.version.clone());
    let gone = mailbox.apply(kind, &[Write::Delete { id, version }]).map_err(broken)?;
    read?;
    done(&gone).map_err(|said| failed(Step::Delete, said)).map(|_| ())
}

/// What the probe does in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Makes an item.
    Create,
    /// Reads it back.
    Read,
    /// Moves it to Deleted Items.
    Delete,
}

fn done(answers: &[Wrote]) -> Result<(ItemId, ItemVersion), String> {
    match answers {
        [Wrote::Done { id, version }] => Ok((id.clone(), version.clone())),
        [Wrote::Unanswered] => Err("the answer was lost".to_owned()),
        [Wrote::Later(_)] => Err("the server is busy".to_owned()),
        [Wrote::Conflict | Wrote::Gone] => Err("somebody else touched the item".to_owned()),
        [answer] if let Some(why) = answer.why() => Err(why.to_owned()),
        _ => Err("no answer".to_owned()),
    }
}

fn stamp(line: &MailboxSettings) -> Stamp {
    // A token that is not random finds nothing worse than another probe.
    let token = u128::from_be_bytes(SystemEntropy.bits().unwrap_or_default());
    Stamp {
        tenant: TenantName::from(TENANT),
        user: line.user.clone(),
        record: "probe".into(),
        token: Token::new(format!("{token:032x}")),
        version: "1".to_owned(),
        fingerprint: String::new(),
    }
}

/// A private item that says what it is; an appointment lies ten years back and blocks nothing.
fn content(kind: ItemKind, words: Words) -> Content {
    let mut content = Content::new();
    content.set_text(Field::Sensitivity, "private");
    let name = words.probe_name();
    match kind {
        ItemKind::Contact => content.set_text(Field::Company, name),
        ItemKind::Task => content.set_text(Field::Subject, name),
        ItemKind::Appointment => {
            let day = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).saturating_sub(10.years());
            let hour =
                |hour| day.with().hour(hour).minute(0).second(0).subsec_nanosecond(0).build();
            content.set_text(Field::Subject, name);
            content.set_text(Field::ShowAs, "free");
            content.set_text(Field::Zone, "UTC");
            for (field, hour) in [(Field::Start, hour(8)), (Field::End, hour(9))] {
                if let Ok(at) = hour {
                    content.put(
                        field,
                        abgleich::model::Slot::Value(abgleich::model::Value::Instant(
                            at.timestamp(),
                        )),
                    );
                }
            }
        }
    }
    content
}
