//! Effect: the decisions that people make by command: `link`, `unlink`, `take`, `rebind`, and what `status` shows. They
//! change the state only; the next run acts on them.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use crate::engine::pairing::keys;
use crate::engine::report::{Counts, Finding};
use crate::engine::tally::Tally;
use crate::mailbox::{By, Item, ItemError, Mailbox, MailboxError, Opened, Wanted};
use crate::model::{Direction, ItemId, ItemKind, RecordId, Scope, Switch, TenantName, UserId};
use crate::source::{Fetched, Source, SourceError};
use crate::state::{
    KnownMailbox, MailboxId, MailboxLock, PairRow, RunRow, State, StateError, UnpairedRow,
};

/// Whose state a decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    /// Where the state is.
    pub folder: &'a Path,
    /// The name of the source.
    pub tenant: &'a TenantName,
    /// The staffITpro user.
    pub user: &'a UserId,
}

/// Why a decision cannot be carried out.
#[derive(Debug)]
pub enum DecideError {
    /// No run over this mailbox has ended yet.
    NeverRan,
    /// The record is not one that moves in this mailbox.
    NoSuchRecord(RecordId),
    /// The record is linked already.
    Linked(RecordId),
    /// The record is not linked.
    NotLinked(RecordId),
    /// There is no such candidate.
    NoSuchItem(String),
    /// The item belongs to another record.
    ItemTaken(RecordId),
    /// The item is private, or of another kind.
    Unfit(&'static str),
    /// The mailbox is still the one that was settled before.
    SameMailbox,
    /// Another run is at this mailbox.
    Busy,
    /// The mailbox failed.
    Mailbox(MailboxError),
    /// The source failed.
    Source(SourceError),
    /// The state failed.
    State(StateError),
}

impl From<StateError> for DecideError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<MailboxError> for DecideError {
    fn from(error: MailboxError) -> Self {
        Self::Mailbox(error)
    }
}

impl From<SourceError> for DecideError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl fmt::Display for DecideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverRan => {
                f.write_str("this mailbox was never synchronised; run `abgleich sync` first")
            }
            Self::NoSuchRecord(record) => write!(
                f,
                "the record {record} does not move in this mailbox: is it in the filter, and does its switch move?"
            ),
            Self::Linked(record) => {
                write!(
                    f,
                    "the record {record} has an item already; `abgleich unlink` takes them apart"
                )
            }
            Self::NotLinked(record) => write!(f, "the record {record} has no item"),
            Self::NoSuchItem(item) => write!(
                f,
                "there is no item {item} to link; `abgleich link USER RECORD` lists those that come into question"
            ),
            Self::ItemTaken(record) => write!(f, "that item belongs to the record {record}"),
            Self::Unfit(why) => write!(f, "that item cannot be linked: it is {why}"),
            Self::SameMailbox => f.write_str(
                "the mailbox is the one that was settled before; nothing has to be bound anew",
            ),
            Self::Busy => {
                f.write_str("another run is at this mailbox; try again when it has ended")
            }
            Self::Mailbox(_) => f.write_str("the mailbox could not be asked"),
            Self::Source(_) => f.write_str("staffITpro could not be asked"),
            Self::State(_) => f.write_str("the state could not be read or written"),
        }
    }
}

impl std::error::Error for DecideError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Mailbox(error) => Some(error),
            Self::Source(error) => Some(error),
            Self::State(error) => Some(error),
            _ => None,
        }
    }
}

/// An item that may belong to a record.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The number to give to `link`.
    pub number: i64,
    /// The item.
    pub item: Item,
}

/// An open state with its lock.
struct Desk {
    state: State,
    known: KnownMailbox,
    _lock: MailboxLock,
}

impl Desk {
    fn open(whose: Whose<'_>) -> Result<Self, DecideError> {
        let lock =
            MailboxLock::take(whose.folder, whose.tenant, whose.user)?.ok_or(DecideError::Busy)?;
        let state = State::open(whose.folder)?;
        let known = state.mailbox(whose.tenant, whose.user)?.ok_or(DecideError::NeverRan)?;
        Ok(Self { state, known, _lock: lock })
    }

    fn pair(&self, record: &RecordId) -> Result<PairRow, DecideError> {
        self.state
            .pair_of_record(self.known.id, record)?
            .ok_or_else(|| DecideError::NoSuchRecord(record.clone()))
    }
}

/// Lists the items that share a key with a record, so that a person can choose one.
pub fn candidates(
    whose: Whose<'_>,
    record: &RecordId,
    source: &dyn Source,
    mailbox: &mut dyn Mailbox,
) -> Result<Vec<Candidate>, DecideError> {
    let desk = Desk::open(whose)?;
    let pair = desk.pair(record)?;
    mailbox.must_exist();
    mailbox.open()?;
    let Some(Fetched::Record(read)) =
        source.fetch(whose.user, std::slice::from_ref(record))?.into_iter().next()
    else {
        return Err(DecideError::NoSuchRecord(record.clone()));
    };
    let keys = keys(pair.kind, &read.content, &desk.state.salt()?);
    let mut candidates = Vec::new();
    for claim in desk.state.matching_items(desk.known.id, &keys)? {
        let Some(row) = desk.state.unpaired(claim.owner)? else { continue };
        let mut found = None;
        mailbox.fetch(pair.kind, std::slice::from_ref(&row.item), &mut |_, item| {
            found = item.ok();
        })?;
        candidates.extend(
            found
                .filter(|item| !item.identity.private)
                .map(|item| Candidate { number: row.id, item }),
        );
    }
    Ok(candidates)
}

/// Links a record to an item that a person chose: the number of a candidate, or the item's id.
pub fn link(
    whose: Whose<'_>,
    record: &RecordId,
    choice: &str,
    mailbox: &mut dyn Mailbox,
) -> Result<(), DecideError> {
    let desk = Desk::open(whose)?;
    let pair = desk.pair(record)?;
    if pair.is_linked() && pair.item.is_some() {
        return Err(DecideError::Linked(record.clone()));
    }
    let numbered = match choice.parse() {
        Ok(number) => desk.state.unpaired(number)?,
        Err(_) => None,
    };
    let id = numbered.map_or_else(|| ItemId::new(choice), |row| row.item);
    if let Some(other) = desk.state.pair_of_item(desk.known.id, &id)? {
        return Err(DecideError::ItemTaken(other.record));
    }
    mailbox.must_exist();
    let opened = mailbox.open()?;
    if opened.identity != desk.known.identity {
        return Err(DecideError::Unfit("in another mailbox than the one that was settled before"));
    }
    let mut answer = None;
    mailbox.fetch(pair.kind, std::slice::from_ref(&id), &mut |_, item| answer = Some(item))?;
    let item = match answer {
        Some(Ok(item)) => item,
        Some(Err(ItemError::Gone)) | None => {
            return Err(DecideError::NoSuchItem(choice.to_owned()));
        }
        Some(Err(_)) => return Err(DecideError::Unfit("not readable")),
    };
    if item.identity.private {
        return Err(DecideError::Unfit("private"));
    }
    if item.identity.kind != Some(pair.kind) {
        return Err(DecideError::Unfit("of another kind than the record"));
    }
    let folder = match item.folder {
        Some(folder) => Some(folder),
        None => mailbox.folder(pair.kind, &[], false)?,
    };
    let folder = folder.ok_or(DecideError::Unfit("in no folder"))?;
    desk.state.durably(|state| {
        state.forget_unpaired(desk.known.id, &id)?;
        state.watch_folder(desk.known.id, pair.kind, &folder)?;
        state.link(pair.id, &id, &folder)
    })?;
    Ok(())
}

/// Takes a record and its item apart; both stay as they are, and go their own ways from now on.
pub fn unlink(whose: Whose<'_>, record: &RecordId) -> Result<(), DecideError> {
    let desk = Desk::open(whose)?;
    let pair = desk.pair(record)?;
    if pair.item.is_none() {
        return Err(DecideError::NotLinked(record.clone()));
    }
    desk.state.durably(|state| {
        state.resolve(desk.known.id, record, &[])?;
        state.unlink(pair.id)?;
        let (Some(item), Some(version), Some(folder)) = (pair.item, pair.item_version, pair.folder)
        else {
            return Ok(());
        };
        let row = UnpairedRow {
            id: 0,
            item,
            version,
            kind: pair.kind,
            folder,
            record: None,
            token: None,
            deleted: false,
            born: None,
            unread: false,
        };
        let unpaired = state.put_unpaired(desk.known.id, &row)?;
        state.copy_keys(desk.known.id, pair.id, unpaired)
    })?;
    Ok(())
}

/// Says which side prevails in a pair, once: `ToOutlook` takes staffITpro's values, `ToStaffitpro` Outlook's.
pub fn take(whose: Whose<'_>, record: &RecordId, direction: Direction) -> Result<(), DecideError> {
    let desk = Desk::open(whose)?;
    let pair = desk.pair(record)?;
    if pair.item.is_none() {
        return Err(DecideError::NotLinked(record.clone()));
    }
    desk.state.durably(|state| state.take(pair.id, direction))?;
    Ok(())
}

/// Binds a user's state to the mailbox that is behind the address now; the next run joins the items by their stamps
/// (rule D15). Another user who had it has it no more (rule G9). Returns the scopes that begin anew, because nothing of theirs is
/// there: what was never in a mailbox was not deleted there (rule D4).
pub fn rebind(
    whose: Whose<'_>,
    address: &str,
    mailbox: &mut dyn Mailbox,
) -> Result<Vec<Scope>, DecideError> {
    let Whose { folder, tenant, user } = whose;
    let _lock = MailboxLock::take(folder, tenant, user)?.ok_or(DecideError::Busy)?;
    let state = State::open(folder)?;
    mailbox.must_exist();
    let opened = mailbox.open()?;
    let identity = opened.identity.clone();
    let _twin = MailboxLock::take_mailbox(folder, &identity)?.ok_or(DecideError::Busy)?;
    let known = state.mailbox(tenant, user)?;
    if state.other_holder(&identity, tenant, user)?.is_none() {
        match &known {
            None => return Err(DecideError::NeverRan),
            Some(known) if known.identity == identity => return Err(DecideError::SameMailbox),
            Some(_) => {}
        }
    }
    let moved = known.as_ref().filter(|known| known.identity != identity);
    let anew = match moved {
        Some(known) => without_items(whose, &state, known.id, &opened, mailbox)?,
        None => Vec::new(),
    };
    state.durably(|state| {
        let id = match known {
            None => state.add_mailbox(tenant, user, &identity, address)?,
            Some(KnownMailbox { id, identity: before, .. }) => {
                if before != identity {
                    state.rebind(id, &identity, address)?;
                }
                id
            }
        };
        anew.iter().try_for_each(|scope| state.begin_anew(id, *scope))?;
        state.release(&identity, id)
    })?;
    Ok(anew)
}

/// Returns the scopes that had items and have none in a mailbox. What cannot be seen or read may be theirs.
fn without_items(
    whose: Whose<'_>,
    state: &State,
    id: MailboxId,
    opened: &Opened,
    mailbox: &mut dyn Mailbox,
) -> Result<Vec<Scope>, DecideError> {
    if !(opened.sees_private && opened.sees_all) {
        return Ok(Vec::new());
    }
    let wanted = Wanted { tenant: whose.tenant, user: whose.user, by: By::Any };
    let mut there = BTreeSet::new();
    for kind in ItemKind::ALL {
        for found in mailbox.find(kind, &wanted)? {
            match found.identity.stamp {
                Some(stamp) => {
                    let pair = state.pair_of_record(id, &stamp.record)?;
                    there.extend(pair.and_then(|pair| Scope::new(pair.module, kind.switch())));
                }
                None => there.extend(Scope::ALL.iter().filter(|it| it.switch == kind.switch())),
            }
        }
    }
    let mut without = Vec::new();
    for scope in Scope::ALL.into_iter().filter(|scope| !there.contains(scope)) {
        if state.count_linked(id, scope.module, scope.switch == Switch::Contacts)? > 0 {
            without.push(scope);
        }
    }
    Ok(without)
}

/// What is known of a mailbox without asking anybody.
#[derive(Clone, Debug)]
pub struct Status {
    /// The address it had.
    pub address: String,
    /// The last run.
    pub run: Option<RunRow>,
    /// What stands, by scope: unchanged, kept, waiting, held, skipped, failed.
    pub scopes: Vec<(Scope, Counts)>,
    /// When the first transfer of each scope was done, in seconds since 1970.
    pub transferred: Vec<(Scope, i64)>,
    /// What was found and stands.
    pub findings: Vec<Finding>,
}

/// Reads what is known of a mailbox; `None` where it was never synchronised.
pub fn status(whose: Whose<'_>) -> Result<Option<Status>, DecideError> {
    let state = State::open(whose.folder)?;
    let Some(known) = state.mailbox(whose.tenant, whose.user)? else { return Ok(None) };
    let mut tally = Tally::default();
    let mut scopes = Vec::new();
    let mut transferred = Vec::new();
    for scope in Scope::ALL {
        let Some(mark) = state.scope_mark(known.id, scope)? else { continue };
        let standing = state.standing(known.id, scope.module, scope.switch == Switch::Contacts)?;
        scopes.push((scope, tally.finish(scope, &standing)));
        transferred.extend(mark.transferred.map(|at| (scope, at)));
    }
    let findings = state
        .findings(known.id)?
        .into_iter()
        .map(|row| Finding {
            code: row.code,
            scope: row.scope,
            record: Some(row.record).filter(|record| !record.as_str().is_empty()),
            label: row.label,
            fields: row.fields,
            detail: row.detail,
            values: Vec::new(),
            first_seen: row.first_seen,
            new: false,
        })
        .collect();
    Ok(Some(Status {
        address: known.address,
        run: state.last_run(known.id)?,
        scopes,
        transferred,
        findings,
    }))
}
