//! Effect: whose a mailbox is, as far as the state knows (rule G9).

use rusqlite::{OptionalExtension, params};

use super::{MailboxId, State, StateError};
use crate::model::{MailboxIdentity, TenantName, UserId};

/// A user whose state belongs to a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The source.
    pub tenant: TenantName,
    /// The staffITpro user.
    pub user: UserId,
    /// The address that the mailbox had.
    pub address: String,
}

impl State {
    /// Finds another user whose mailbox this is.
    pub fn other_holder(
        &self,
        identity: &MailboxIdentity,
        tenant: &TenantName,
        user: &UserId,
    ) -> Result<Option<Holder>, StateError> {
        let holder = self.connection.query_row(
            "SELECT tenant, user, address FROM mailbox
             WHERE identity = ?1 AND NOT (tenant = ?2 AND user = ?3) ORDER BY id LIMIT 1",
            params![identity.as_str(), tenant.as_str(), user.as_str()],
            |row| {
                Ok(Holder {
                    tenant: TenantName::new(row.get::<_, String>(0)?),
                    user: UserId::new(row.get::<_, String>(1)?),
                    address: row.get(2)?,
                })
            },
        );
        Ok(holder.optional()?)
    }

    /// Takes a mailbox away from all users but one: what they have next behind their addresses is another mailbox to them.
    pub fn release(&self, identity: &MailboxIdentity, but: MailboxId) -> Result<(), StateError> {
        self.connection.execute(
            "UPDATE mailbox SET identity = '' WHERE identity = ?1 AND id <> ?2",
            params![identity.as_str(), but.0],
        )?;
        Ok(())
    }
}
