//! Effect: the users and the filter „Outlook Synchronisation“.

use abgleich_plugin::messages::{
    AdapterError, Done, ErrorKind, Kind, Members, MembersRequest, SetMemberRequest, User, Users,
};
use rusqlite::{OptionalExtension, params};

use crate::database::{Database, known_user};
use crate::entries::{foreign, word};
use crate::failure::failed;
use crate::records::place;

/// Lists the users.
pub(crate) fn users(database: &mut Database) -> Result<Users, AdapterError> {
    let read = database.read()?;
    let users = read
        .prepare_cached("SELECT id, name, email, active FROM user ORDER BY id")
        .and_then(|mut query| {
            let users = query.query_map([], |row| {
                Ok(User {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    email: row.get(2)?,
                    active: row.get(3)?,
                })
            })?;
            users.collect()
        })
        .map_err(|error| failed(&error))?;
    Ok(Users { users })
}

/// Reads a page of the filter. The page that follows is named by the version that the first page saw and the last id, so
/// that whoever changes the filter meanwhile is seen the next time.
pub(crate) fn page(
    database: &mut Database,
    request: &MembersRequest,
) -> Result<Members, AdapterError> {
    let owner = owner(database, &request.user)?;
    let read = database.read()?;
    known_user(&read, &request.user)?;
    let version: i64 = read
        .prepare_cached("SELECT version FROM membership_version WHERE module = ?1 AND user = ?2")
        .and_then(|mut query| {
            query.query_row(params![word(request.module), owner], |row| row.get(0)).optional()
        })
        .map_err(|error| failed(&error))?
        .unwrap_or(0);
    // The owner is part of it: a filter that was shared and is kept for each user now is another one.
    let version = format!("{owner}:{version}");
    if request.page.is_none() && request.known.as_deref() == Some(version.as_str()) {
        return Ok(Members { unchanged: true, ..Members::default() });
    }
    let (version, after) = match &request.page {
        None => (version, ""),
        Some(page) => page
            .split_once(' ')
            .map(|(seen, after)| (seen.to_owned(), after))
            .ok_or_else(|| foreign("page"))?,
    };
    let limit = i64::from(request.limit) + 1;
    let mut ids: Vec<String> = read
        .prepare_cached(
            "SELECT record FROM membership WHERE module = ?1 AND user = ?2 AND record > ?3
             ORDER BY record LIMIT ?4",
        )
        .and_then(|mut query| {
            query
                .query_map(params![word(request.module), owner, after, limit], |row| row.get(0))?
                .collect()
        })
        .map_err(|error| failed(&error))?;
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let more = ids.len() > limit;
    ids.truncate(limit);
    let next = ids.last().filter(|_| more).map(|last| format!("{version} {last}"));
    let last = next.is_none();
    Ok(Members { unchanged: false, ids, next, complete: last, position: last.then_some(version) })
}

/// Moves a contact into the filter or out of it.
pub(crate) fn set(
    database: &mut Database,
    request: &SetMemberRequest,
) -> Result<Done, AdapterError> {
    let owner = owner(database, &request.user)?;
    let write = database.write()?;
    known_user(&write, &request.user)?;
    let place = place(&write, &request.user, &request.record)?.filter(|place| place.seen);
    let Some(place) = place else {
        let text =
            format!("there is no record `{}` that `{}` may see", request.record, request.user);
        return Err(AdapterError::new(ErrorKind::Denied, text));
    };
    if place.columns.kind != Kind::Contact {
        let text = format!("`{}` is an activity", request.record);
        return Err(AdapterError::new(ErrorKind::Unsupported, text)
            .hint("the filter holds contacts; their activities come with them"));
    }
    let sql = if request.member {
        "INSERT OR IGNORE INTO membership (module, user, record) VALUES (?1, ?2, ?3)"
    } else {
        "DELETE FROM membership WHERE module = ?1 AND user = ?2 AND record = ?3"
    };
    write
        .execute(sql, params![word(place.module), owner, request.record])
        .and_then(|_| write.commit())
        .map_err(|error| failed(&error))?;
    Ok(Done {})
}

/// Returns whose list counts for a user: the user's own, or the shared one, whose owner is blank.
fn owner(database: &mut Database, user: &str) -> Result<String, AdapterError> {
    let per_user = database.about()?.filter_per_user;
    Ok(if per_user { user.to_owned() } else { String::new() })
}
