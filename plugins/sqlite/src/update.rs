//! Effect: updates. All updates of a call are one transaction; each is done whole or not at all.

use std::fmt::Write as _;

use abgleich_plugin::messages::{
    AdapterError, ErrorKind, Fields, Outcome, Update, UpdateAnswer, UpdateRequest, Updated,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::types::Value as Cell;
use rusqlite::{ErrorCode, Transaction, params_from_iter};

use crate::cell;
use crate::columns::{Columns, LONGEST, quoted};
use crate::database::{Database, known_user};
use crate::failure::failed;
use crate::records::{fields, place};

/// Updates records.
pub(crate) fn update(
    database: &mut Database,
    request: &UpdateRequest,
) -> Result<Updated, AdapterError> {
    let zone = database.zone.clone();
    let write = database.write()?;
    known_user(&write, &request.user)?;
    // The triggers stamp changes of programs that do not say when and who; this one does.
    let mark = |sql| write.execute(sql, []).map_err(|error| failed(&error));
    mark("INSERT INTO meta (key, value) VALUES ('connector', 'abgleich')")?;
    let mut answers = Vec::with_capacity(request.updates.len());
    for update in &request.updates {
        let outcome = one(&write, &request.user, update, &zone)?;
        answers.push(UpdateAnswer { id: update.id.clone(), outcome });
    }
    mark("DELETE FROM meta WHERE key = 'connector'")?;
    write.commit().map_err(|error| failed(&error))?;
    Ok(Updated { answers })
}

fn one(
    write: &Transaction<'_>,
    user: &str,
    update: &Update,
    zone: &TimeZone,
) -> Result<Outcome, AdapterError> {
    let Some(place) = place(write, user, &update.id)? else { return Ok(Outcome::Gone) };
    let columns = place.columns;
    if !place.seen || !place.open {
        return Ok(Outcome::Denied);
    }
    let Some((now, editable)) = stored(write, columns, &update.id, zone)? else {
        return Ok(Outcome::Gone);
    };
    if !editable {
        return Ok(Outcome::Denied);
    }
    let kept = update.expected.iter().all(|(word, expected)| {
        let shape = columns.shape(word);
        shape.zip(now.get(word)).is_some_and(|(shape, now)| cell::same(shape, now, expected))
    });
    if place.version != update.version || columns.kind != update.kind || !kept {
        return Ok(Outcome::Stale);
    }
    let edited_at: Timestamp = update.edited_at.parse().map_err(|_| {
        AdapterError::new(ErrorKind::Internal, "`edited_at` is not an instant with a zone")
    })?;
    let mut cells = vec![
        Cell::Text(update.id.clone()),
        Cell::Text(cell::seconds(edited_at)),
        Cell::Text(user.to_owned()),
    ];
    let mut sets = String::new();
    for (word, value) in update.values.iter() {
        let refused = |code: &str| {
            Ok(Outcome::Refused { code: code.to_owned(), field: Some(word.to_owned()) })
        };
        let Some(shape) = columns.shape(word) else { return refused("not_writable") };
        match cell::write(word, shape, value, LONGEST) {
            Ok(cell) => cells.push(cell),
            Err(code) => return refused(code),
        }
        // Writing to a string does not fail.
        let _ = write!(sets, ", {} = ?{}", quoted(word), cells.len());
    }
    let sql = format!(
        "UPDATE {} SET changed_at = ?2, changed_by = ?3{sets} WHERE id = ?1",
        columns.table
    );
    match write.execute(&sql, params_from_iter(cells)) {
        Ok(_) => {}
        // SQLite takes back the statement alone; the other updates go on.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            return Ok(Outcome::Refused { code: "constraint".to_owned(), field: None });
        }
        Err(error) => return Err(failed(&error)),
    }
    let version = self::place(write, user, &update.id)?.map(|place| place.version);
    let stored = stored(write, columns, &update.id, zone)?;
    let (Some(version), Some((mut stored, _))) = (version, stored) else {
        return Ok(Outcome::Gone);
    };
    stored.retain(|word| update.values.get(word).is_some());
    Ok(Outcome::Applied { version, stored })
}

/// Reads the fields of a record and whether it may be changed at all.
fn stored(
    write: &Transaction<'_>,
    columns: &Columns,
    id: &str,
    zone: &TimeZone,
) -> Result<Option<(Fields, bool)>, AdapterError> {
    let mut query = write.prepare_cached(columns.select()).map_err(|error| failed(&error))?;
    let mut rows = query.query([id]).map_err(|error| failed(&error))?;
    let Some(row) = rows.next().map_err(|error| failed(&error))? else { return Ok(None) };
    let editable = row.get(4).map_err(|error| failed(&error))?;
    // A record that cannot be read was never planned to be written; whatever the caller expects is not what it holds.
    let fields = fields(row, columns, zone, false).unwrap_or_default();
    Ok(Some((fields, editable)))
}
