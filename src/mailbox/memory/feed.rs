//! Pure: the feed of a mailbox in memory.

use crate::mailbox::memory::fault::Fault;
use crate::mailbox::memory::store::{Store, Stored};
use crate::mailbox::{ChangePage, MailboxError, MailboxErrorKind, Stage, Trouble};
use crate::model::{Cursor, FolderId, ItemId, ItemKind};

impl Store {
    /// Returns a page. A cursor is `folder/epoch/where the listing began/how far it came`.
    pub(super) fn feed(
        &self,
        folder: &FolderId,
        kind: ItemKind,
        since: Option<&Cursor>,
        fault: Option<&Fault>,
    ) -> Result<ChangePage, MailboxError> {
        if !self.folders.contains_key(folder) {
            return Err(MailboxError {
                kind: MailboxErrorKind::Gone,
                stage: Stage::Folder,
                trouble: Trouble::Unnamed,
                text: format!("there is no folder {folder}"),
                hint: None,
                ambiguous: false,
                source: None,
            });
        }
        let known = since.and_then(|cursor| self.place(folder, cursor));
        let known =
            known.filter(|_| !matches!(fault, Some(Fault::Restart | Fault::RestartSilently)));
        let restarted =
            since.is_some() && known.is_none() && fault != Some(&Fault::RestartSilently);
        // A new listing knows nothing of what was removed before it began.
        let (began, at) = known.unwrap_or((self.sequence, 0));
        let mut events: Vec<(u64, Event<'_>)> = Vec::new();
        for (id, item) in &self.items {
            let wanted = item.folder == *folder && item.kind.is_none_or(|of| of == kind);
            if wanted && item.sequence > at {
                events.push((item.sequence, Event::Changed(id, item)));
            }
        }
        for (sequence, from, id) in &self.removed {
            if from == folder && *sequence > at && *sequence > began {
                events.push((*sequence, Event::Removed(id)));
            }
        }
        events.sort_by_key(|(sequence, _)| *sequence);
        let length = if let Some(Fault::Short(length)) = fault { *length } else { self.page };
        let more = events.len() > length && !matches!(fault, Some(Fault::Short(_)));
        let reached = match events.get(length.wrapping_sub(1)) {
            Some((sequence, _)) if more => *sequence,
            _ => self.sequence,
        };
        let mut page = ChangePage {
            changed: Vec::new(),
            removed: Vec::new(),
            cursor: Cursor::new(format!("{folder}/{}/{began}/{reached}", self.epoch)),
            more,
            restarted,
        };
        for (_, event) in events.into_iter().take(length) {
            match event {
                Event::Changed(id, item) => page.changed.push((id.clone(), item.version())),
                Event::Removed(id) => page.removed.push(id.clone()),
            }
        }
        Ok(page)
    }

    fn place(&self, folder: &FolderId, cursor: &Cursor) -> Option<(u64, u64)> {
        let rest = cursor.as_str().strip_prefix(folder.as_str())?.strip_prefix('/')?;
        let mut numbers = rest.split('/').map(|part| part.parse::<u64>().ok());
        let (epoch, began, at) = (numbers.next()??, numbers.next()??, numbers.next()??);
        (epoch == self.epoch && at <= self.sequence).then_some((began, at))
    }

    /// Makes every cursor worthless, as moving a mailbox to another database does; the mailbox says so when one is used.
    pub fn forget_cursors(&mut self) {
        self.epoch += 1;
    }
}

enum Event<'a> {
    Changed(&'a ItemId, &'a Stored),
    Removed(&'a ItemId),
}
