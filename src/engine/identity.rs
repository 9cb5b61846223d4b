//! Effect: whether what is behind an address is the mailbox that the state is about (rule D15), and nobody else's (rule G9); and
//! whether the database behind the source is the one that it was settled with (rule D7).

use crate::engine::report::Stopped;
use crate::engine::session::{Job, Options, Stop};
use crate::mailbox::Opened;
use crate::model::{MailboxIdentity, TenantName, UserId};
use crate::reason::Code;
use crate::source::Description;
use crate::state::{MailboxId, State, StateError};

/// Returns the row of the mailbox that was opened, which is made at the first time. Another mailbox than before, or that of
/// somebody else, stops before any write.
pub(super) fn settled(job: &Job<'_>, state: &State, opened: &Opened) -> Result<MailboxId, Stop> {
    if let Some(stopped) = objection(state, (job.tenant, job.user), job.address, &opened.identity)?
    {
        return Err(Stop::Waits(vec![stopped]));
    }
    match state.mailbox(job.tenant, job.user)? {
        Some(known) => Ok(known.id),
        None => Ok(state.add_mailbox(job.tenant, job.user, &opened.identity, job.address)?),
    }
}

/// Says whose the mailbox is in which somebody is at this moment. The user's own runs keep each other out before they open it, so
/// it is another user's; whose, the state knows once that one has begun.
pub(super) fn occupied(
    job: &Job<'_>,
    state: &State,
    opened: &Opened,
) -> Result<Stopped, StateError> {
    let known = taken(state, (job.tenant, job.user), job.address, &opened.identity)?;
    Ok(known.unwrap_or_else(|| {
        let text =
            format!("the mailbox behind {} is being synchronised for another user", job.address);
        stopped(Code::MailboxTaken, text)
    }))
}

/// Says why a user's run would not touch a mailbox.
pub fn objection(
    state: &State,
    (tenant, user): (&TenantName, &UserId),
    address: &str,
    identity: &MailboxIdentity,
) -> Result<Option<Stopped>, StateError> {
    if let Some(taken) = taken(state, (tenant, user), address, identity)? {
        return Ok(Some(taken));
    }
    Ok(state.mailbox(tenant, user)?.filter(|known| known.identity != *identity).map(|known| {
        let text = format!(
            "the mailbox behind {address} is not the one that was settled before (then {})",
            known.address
        );
        stopped(Code::MailboxChanged, text)
    }))
}

/// Says whose a mailbox is, where it is another user's.
fn taken(
    state: &State,
    (tenant, user): (&TenantName, &UserId),
    address: &str,
    identity: &MailboxIdentity,
) -> Result<Option<Stopped>, StateError> {
    Ok(state.other_holder(identity, tenant, user)?.map(|holder| {
        let text = format!(
            "the mailbox behind {address} is that of the user {} of {} ({})",
            holder.user, holder.tenant, holder.address
        );
        stopped(Code::MailboxTaken, text)
    }))
}

/// Another database than the one that this mailbox was last settled with is a reason to stop (rule D7).
pub(super) fn check_source(
    job: &Job<'_>,
    options: &Options,
    state: &State,
    description: &Description,
) -> Result<(), Stop> {
    if options.allows("tenant", 1) || !is_another_source(job, state, description)? {
        return Ok(());
    }
    Err(Stop::Waits(vec![Stopped {
        code: Code::BrakeTenant,
        scope: None,
        number: Some(1),
        limit: Some(0),
        examples: Vec::new(),
        text: format!("another database stands behind the source {}", job.tenant),
        hint: None,
        request: None,
    }]))
}

/// Says whether another database is behind the source than the one that the mailbox was last settled with.
pub(super) fn is_another_source(
    job: &Job<'_>,
    state: &State,
    description: &Description,
) -> Result<bool, StateError> {
    let settled = state.mailbox(job.tenant, job.user)?.and_then(|known| known.source);
    Ok(settled.is_some_and(|identity| identity != description.identity))
}

const fn stopped(code: Code, text: String) -> Stopped {
    Stopped {
        code,
        scope: None,
        number: None,
        limit: None,
        examples: Vec::new(),
        text,
        hint: None,
        request: None,
    }
}
