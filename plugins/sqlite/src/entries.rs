//! Effect: listings, the change feed, and activities of records: ids and versions only.

use abgleich_plugin::messages::{
    ActivitiesRequest, AdapterError, Changes, ChangesRequest, Entries, Entry, ErrorKind, Kind,
    ListRequest, Listing, Module,
};
use rusqlite::{Row, Transaction, params};

use crate::columns::Columns;
use crate::database::{Database, known_user};
use crate::failure::failed;

/// What of the change feed the user ?1 has now: contacts that are not hidden, activities that are assigned.
const SEEN: &str = "c.gone = 0
    AND (c.kind = 'contact' OR EXISTS (SELECT 1 FROM assignee WHERE activity = c.record AND user = ?1))
    AND NOT EXISTS (SELECT 1 FROM permission WHERE record = c.record AND user = ?1 AND level = 'hidden')";

/// A record of the feed: id, version, kind, parent.
const ENTRY: &str = "c.record, c.seq, c.kind, CASE c.kind
    WHEN 'appointment' THEN (SELECT parent FROM appointment WHERE id = c.record)
    WHEN 'task' THEN (SELECT parent FROM task WHERE id = c.record) END";

/// Lists a page, in the order of the ids. The page that follows is named by the number of the feed when the first page was
/// read, so that nothing is missed that changes meanwhile, and the last id.
pub(crate) fn list(
    database: &mut Database,
    request: &ListRequest,
) -> Result<Listing, AdapterError> {
    let read = database.read()?;
    known_user(&read, &request.user)?;
    let (since, after) = match &request.page {
        None => (latest(&read)?, String::new()),
        Some(page) => page
            .split_once(' ')
            .and_then(|(since, after)| Some((since.parse().ok()?, after.to_owned())))
            .ok_or_else(|| foreign("page"))?,
    };
    let sql = list_sql();
    let arguments =
        params![request.user, word(request.module), after, i64::from(request.limit) + 1];
    let (mut entries, more) =
        page(&read, &sql, arguments, |row| entry(row, request.module), request.limit)?;
    entries.shrink_to_fit();
    let next = entries.last().filter(|_| more).map(|last: &Entry| format!("{since} {}", last.id));
    let last = next.is_none();
    Ok(Listing { entries, next, complete: last, position: last.then(|| since.to_string()) })
}

/// Lists what changed since a position.
pub(crate) fn changes(
    database: &mut Database,
    request: &ChangesRequest,
) -> Result<Changes, AdapterError> {
    let read = database.read()?;
    known_user(&read, &request.user)?;
    let since: i64 = request.since.parse().map_err(|_| foreign("position"))?;
    let latest = latest(&read)?;
    if since > latest {
        // Numbers are never given twice, so an older copy of the database was put back.
        let (changed, gone) = (Vec::new(), Vec::new());
        return Ok(Changes {
            changed,
            gone,
            position: latest.to_string(),
            more: false,
            lost: true,
        });
    }
    let sql = changes_sql();
    let arguments =
        params![request.user, word(request.module), since, i64::from(request.limit) + 1];
    let read_row =
        |row: &Row<'_>| Ok((entry(row, request.module)?, row.get::<_, i64>(4)?, row.get(5)?));
    let (news, more) = page(&read, &sql, arguments, read_row, request.limit)?;
    let end = news.last().filter(|_| more).map_or(latest, |(_, seq, _)| *seq);
    let (mut changed, mut gone) = (Vec::new(), Vec::new());
    for (entry, _, seen) in news {
        if seen { changed.push(entry) } else { gone.push(entry.id) }
    }
    Ok(Changes { changed, gone, position: end.to_string(), more, lost: false })
}

/// Lists the user's activities of some records.
pub(crate) fn activities(
    database: &mut Database,
    request: &ActivitiesRequest,
) -> Result<Entries, AdapterError> {
    let read = database.read()?;
    known_user(&read, &request.user)?;
    let mut entries = Vec::new();
    for parent in &request.parents {
        for table in ["appointment", "task"] {
            let sql = activities_sql(table);
            let rows = rows(&read, &sql, params![request.user, parent], |row| {
                let module = module(&row.get::<_, String>(4)?)?;
                entry(row, module)
            })?;
            entries.extend(rows);
        }
    }
    Ok(Entries { entries })
}

fn list_sql() -> String {
    format!(
        "SELECT {ENTRY} FROM change c
         WHERE c.module = ?2 AND c.record > ?3 AND {SEEN} ORDER BY c.record LIMIT ?4"
    )
}

/// Of what the user has not, only that is told which the user once had, or could have had.
fn changes_sql() -> String {
    format!(
        "SELECT {ENTRY}, c.seq, {SEEN} FROM change c
         WHERE c.module = ?2 AND c.seq > ?3 AND ({SEEN}
            OR c.kind = 'contact'
            OR EXISTS (SELECT 1 FROM assignee WHERE activity = c.record AND user = ?1)
            OR EXISTS (SELECT 1 FROM unassigned WHERE activity = c.record AND user = ?1))
         ORDER BY c.seq LIMIT ?4"
    )
}

fn activities_sql(table: &str) -> String {
    format!(
        "SELECT c.record, c.seq, c.kind, ?2, c.module FROM {table} a JOIN change c ON c.record = a.id
         WHERE a.parent = ?2 AND {SEEN} ORDER BY c.record"
    )
}

/// The highest number of the feed.
pub(crate) const LATEST: &str = "SELECT coalesce(max(seq), 0) FROM change";

fn entry(row: &Row<'_>, module: Module) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: row.get(0)?,
        version: row.get::<_, i64>(1)?.to_string(),
        kind: kind(&row.get::<_, String>(2)?)?,
        module,
        parent: row.get(3)?,
    })
}

/// Reads a page; one row more than the page holds tells that there are more.
fn page<T>(
    read: &Transaction<'_>,
    sql: &str,
    arguments: impl rusqlite::Params,
    each: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    limit: u32,
) -> Result<(Vec<T>, bool), AdapterError> {
    let mut rows = rows(read, sql, arguments, each)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok((rows, more))
}

fn rows<T>(
    read: &Transaction<'_>,
    sql: &str,
    arguments: impl rusqlite::Params,
    each: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, AdapterError> {
    read.prepare_cached(sql)
        .and_then(|mut query| query.query_map(arguments, |row| each(row))?.collect())
        .map_err(|error| failed(&error))
}

/// Returns the highest number of the feed. Rows are never taken out without a newer one coming in.
fn latest(read: &Transaction<'_>) -> Result<i64, AdapterError> {
    read.query_row(LATEST, [], |row| row.get(0)).map_err(|error| failed(&error))
}

/// Says that a page or position came from elsewhere.
pub(crate) fn foreign(what: &str) -> AdapterError {
    AdapterError::new(ErrorKind::Unsupported, format!("the {what} is not one of this adapter"))
}

fn kind(word: &str) -> rusqlite::Result<Kind> {
    Columns::of(word).map(|columns| columns.kind).ok_or_else(|| strange(word))
}

fn strange(word: &str) -> rusqlite::Error {
    rusqlite::Error::InvalidParameterName(word.to_owned())
}

const MODULES: &[(Module, &str)] = &[
    (Module::Applicants, "applicants"),
    (Module::BusinessContacts, "business_contacts"),
    (Module::Leads, "leads"),
    (Module::Positions, "positions"),
    (Module::Contracts, "contracts"),
    (Module::Offers, "offers"),
    (Module::General, "general"),
];

/// Returns the word that the database has for a module.
pub(crate) fn word(module: Module) -> &'static str {
    MODULES.iter().find(|(known, _)| *known == module).map_or("", |(_, word)| word)
}

/// Finds the module with this word.
pub(crate) fn module(word: &str) -> rusqlite::Result<Module> {
    MODULES
        .iter()
        .find(|(_, known)| *known == word)
        .map(|(module, _)| *module)
        .ok_or_else(|| strange(word))
}

/// Returns how SQLite goes about a question, in its own words.
#[cfg(test)]
pub(crate) fn plan_of(sql: &str) -> String {
    let database = rusqlite::Connection::open_in_memory().unwrap();
    database.execute_batch(include_str!("../schema.sql")).unwrap();
    // Parameters that are not bound are NULL, which makes no difference to the plan.
    let mut query = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let (mut rows, mut plan) = (query.raw_query(), String::new());
    while let Some(row) = rows.next().unwrap() {
        plan.push_str(&row.get::<_, String>(3).unwrap());
        plan.push_str("; ");
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::{LATEST, activities_sql, changes_sql, list_sql, plan_of};

    /// A quiet run must not cost more when the database is larger (rules.md, invariant 13), and a page not more than a page.
    #[test]
    fn no_question_goes_through_a_table() {
        for (sql, index) in [
            (changes_sql(), "change_feed (module=? AND seq>?)"),
            (list_sql(), "change_list (module=? AND record>?)"),
            (activities_sql("task"), "task_parent (parent=?)"),
            (LATEST.to_owned(), "SEARCH change"),
        ] {
            let plan = plan_of(&sql);
            assert!(plan.contains(index) && !plan.contains("SCAN"), "{plan}");
        }
    }
}
