//! Shell: records that several mailboxes overwrite in turns. With `outlook-overwrites-staffitpro`, two mailboxes that hold the
//! same record never agree: each run of one takes back what the other brought.

use std::collections::{BTreeMap, BTreeSet};

use abgleich::config::MailboxSettings;
use abgleich::model::{Mode, Module, RecordId, Scope, Switch, TenantName};

use crate::cli::check::remark::Remark;
use crate::cli::check::staffitpro::Side;
use crate::cli::check::stage::Stage;
use crate::cli::check::words::Words;

/// Compares the filters of the mailboxes that overwrite the contacts of staffITpro. Only applicants are asked: business
/// contacts never reach staffITpro (rule G7), and of activities nobody can tell before a run.
pub(super) fn of(
    chosen: &[&MailboxSettings],
    sources: &BTreeMap<TenantName, Side>,
    words: Words,
) -> Vec<Remark> {
    let scope = Scope { module: Module::Applicants, switch: Switch::Contacts };
    let turned = |mailbox: &&&MailboxSettings| {
        mailbox.scope(scope).mode == Mode::OutlookOverwritesStaffitpro
    };
    let mut remarks = Vec::new();
    for (tenant, side) in sources {
        let of_source = chosen.iter().filter(|mailbox| mailbox.source == *tenant).filter(turned);
        let mailboxes: Vec<_> = of_source.collect();
        if mailboxes.len() < 2 {
            continue;
        }
        let filters = mailboxes.iter().filter_map(|mailbox| {
            Some((mailbox.user.as_str(), side.members(mailbox, scope.module)?))
        });
        remarks.extend(shared(&filters.collect::<Vec<_>>()).map(|(number, users)| {
            Remark::warning(Stage::Config, words.shared_records(number, &users))
        }));
    }
    remarks
}

/// Counts the records that are in more than one filter, and says in whose.
fn shared<'a>(filters: &[(&'a str, BTreeSet<RecordId>)]) -> Option<(usize, Vec<&'a str>)> {
    let mut holders: BTreeMap<&RecordId, usize> = BTreeMap::new();
    for id in filters.iter().flat_map(|(_, ids)| ids) {
        *holders.entry(id).or_default() += 1;
    }
    let shared: BTreeSet<_> =
        holders.iter().filter(|(_, count)| **count > 1).map(|(id, _)| *id).collect();
    let concerned = filters.iter().filter(|(_, ids)| ids.iter().any(|id| shared.contains(id)));
    let users: Vec<_> = concerned.map(|(user, _)| *user).collect();
    (!shared.is_empty()).then_some((shared.len(), users))
}

#[cfg(test)]
mod tests {
    use super::shared;

    #[test]
    fn only_what_is_in_several_filters_counts() {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).into()).collect();
        let filters = [
            ("A", ids(&["1", "2", "3"])),
            ("B", ids(&["3", "4"])),
            ("C", ids(&["5"])),
            ("D", ids(&["2", "3"])),
        ];
        assert_eq!(shared(&filters), Some((2, vec!["A", "B", "D"])));
        assert_eq!(shared(&filters[1..3]), None);
    }
}
