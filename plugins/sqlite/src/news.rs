//! Effect: for whom there is anything new. One look at the end of the change feed and at the lists that were changed, whatever the
//! number of users.

use std::collections::{BTreeSet, HashSet};

use abgleich_plugin::messages::{AdapterError, Module, News, NewsRequest, Stirred};
use rusqlite::{Transaction, params};

use crate::database::Database;
use crate::entries::{LATEST, foreign, module};
use crate::failure::failed;

/// Who is concerned by what was numbered after ?1 in the feed and after ?2 in the lists. The owner of a shared list is blank.
const STIRRED: &str = "SELECT m.user, c.module FROM change c JOIN membership m ON m.record = c.record
        WHERE c.seq > ?1 AND c.kind = 'contact'
    UNION SELECT a.user, c.module FROM change c JOIN assignee a ON a.activity = c.record WHERE c.seq > ?1
    UNION SELECT u.user, c.module FROM change c JOIN unassigned u ON u.activity = c.record WHERE c.seq > ?1
    UNION SELECT user, module FROM membership_version WHERE version > ?2";

/// The number of the list that was changed last.
const LATEST_LIST: &str = "SELECT coalesce(max(version), 0) FROM membership_version";

/// Says for whom there is anything new since a position: the number of the feed and that of the lists.
pub(crate) fn news(database: &mut Database, request: &NewsRequest) -> Result<News, AdapterError> {
    let read = database.read()?;
    let number = |sql| read.query_row(sql, [], |row| row.get(0)).map_err(|error| failed(&error));
    let now: (i64, i64) = (number(LATEST)?, number(LATEST_LIST)?);
    let position = format!("{}:{}", now.0, now.1);
    let Some(since) = &request.since else {
        return Ok(News { stirred: Vec::new(), position, lost: false });
    };
    let since = since.split_once(':');
    let since = since.and_then(|(feed, lists)| Some((feed.parse().ok()?, lists.parse().ok()?)));
    let since: (i64, i64) = since.ok_or_else(|| foreign("position"))?;
    if since.0 > now.0 || since.1 > now.1 {
        // Numbers are never given twice, so an older copy of the database was put back.
        return Ok(News { stirred: Vec::new(), position, lost: true });
    }
    // Mostly nothing happened, and then nobody is looked for.
    let stirred =
        if since == now { Vec::new() } else { who(&stirred(&read, since)?, &request.users) };
    Ok(News { stirred, position, lost: false })
}

fn stirred(
    read: &Transaction<'_>,
    since: (i64, i64),
) -> Result<Vec<(String, Module)>, AdapterError> {
    read.prepare_cached(STIRRED)
        .and_then(|mut query| {
            let rows = query.query_map(params![since.0, since.1], |row| {
                Ok((row.get(0)?, module(&row.get::<_, String>(1)?)?))
            })?;
            rows.collect()
        })
        .map_err(|error| failed(&error))
}

/// Keeps those who were asked for. A shared list is everybody's.
fn who(stirred: &[(String, Module)], users: &[String]) -> Vec<Stirred> {
    let asked: HashSet<&str> = users.iter().map(String::as_str).collect();
    let mut found = BTreeSet::new();
    for (owner, module) in stirred {
        if owner.is_empty() {
            found.extend(users.iter().map(|user| (user.as_str(), *module)));
        } else if asked.contains(owner.as_str()) {
            found.insert((owner, *module));
        }
    }
    let found = found.into_iter();
    found.map(|(user, module)| Stirred { user: user.to_owned(), module }).collect()
}

#[cfg(test)]
mod tests {
    use super::{LATEST_LIST, STIRRED};
    use crate::entries::plan_of;

    /// A thousand users are asked for every few seconds: what is read must be what is new, not what is there.
    #[test]
    fn no_question_goes_through_a_table() {
        for (sql, index) in [
            (STIRRED, "SEARCH c USING INTEGER PRIMARY KEY (rowid>?)"),
            (STIRRED, "membership_record (record=?)"),
            (STIRRED, "membership_version_order (version>?)"),
            (LATEST_LIST, "membership_version_order"),
        ] {
            let plan = plan_of(sql);
            assert!(plan.contains(index), "{plan}");
            let scans = plan.matches("SCAN").count();
            assert!(scans == 0, "{plan}");
        }
    }
}
