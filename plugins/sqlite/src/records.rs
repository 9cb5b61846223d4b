//! Effect: whole records.

use std::borrow::Cow;

use abgleich_plugin::messages::{
    AdapterError, FetchAnswer, FetchRequest, Fetched, Fields, Found, Kind, Module, Parent, Record,
};
use jiff::tz::TimeZone;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, OptionalExtension, Row, Transaction, params};

use crate::cell;
use crate::columns::{BEFORE_FIELDS, Columns};
use crate::database::{Database, known_user};
use crate::entries::module;
use crate::failure::failed;

/// Where a record is, and what the user may do with it.
pub(crate) struct Place {
    pub(crate) columns: &'static Columns,
    pub(crate) module: Module,
    pub(crate) version: String,
    /// The user may see it.
    pub(crate) seen: bool,
    /// The user has no permission that forbids changing it.
    pub(crate) open: bool,
}

/// Reads records.
pub(crate) fn fetch(
    database: &mut Database,
    request: &FetchRequest,
) -> Result<Fetched, AdapterError> {
    let zone = database.zone.clone();
    let read = database.read()?;
    known_user(&read, &request.user)?;
    let mut answers = Vec::with_capacity(request.ids.len());
    let mut places = read.prepare_cached(PLACE).map_err(|error| failed(&error))?;
    // Most calls ask for records of one kind.
    let mut select: Option<(&Columns, CachedStatement<'_>)> = None;
    for id in &request.ids {
        let found = match find(&mut places, &request.user, id)? {
            None => Found::Gone,
            Some(place) if !place.seen => Found::NotYours,
            Some(place) => {
                let (_, query) = match select.take() {
                    Some(open) if open.0.kind == place.columns.kind => select.insert(open),
                    _ => {
                        let query = read.prepare_cached(place.columns.select());
                        select.insert((place.columns, query.map_err(|error| failed(&error))?))
                    }
                };
                record(&read, query, id, &place, (&zone, request.brief))?
            }
        };
        answers.push(FetchAnswer { id: id.clone(), found });
    }
    Ok(Fetched { brief: request.brief, answers })
}

/// Finds a record, or `None` where there is none any more.
pub(crate) fn place(
    read: &Transaction<'_>,
    user: &str,
    id: &str,
) -> Result<Option<Place>, AdapterError> {
    find(&mut read.prepare_cached(PLACE).map_err(|error| failed(&error))?, user, id)
}

/// The SQL that says where a record is.
const PLACE: &str = "SELECT kind, module, seq,
            kind = 'contact' OR EXISTS (SELECT 1 FROM assignee WHERE activity = record AND user = ?2),
            (SELECT level FROM permission p WHERE p.record = c.record AND user = ?2)
        FROM change c WHERE record = ?1 AND gone = 0";

fn find(
    places: &mut CachedStatement<'_>,
    user: &str,
    id: &str,
) -> Result<Option<Place>, AdapterError> {
    let read_row = |row: &Row<'_>| {
        let level: Option<String> = row.get(4)?;
        let word: String = row.get(0)?;
        let columns = Columns::of(&word).ok_or(rusqlite::Error::InvalidParameterName(word))?;
        Ok(Place {
            columns,
            module: module(&row.get::<_, String>(1)?)?,
            version: row.get::<_, i64>(2)?.to_string(),
            seen: row.get::<_, bool>(3)? && level.as_deref() != Some("hidden"),
            open: level.is_none(),
        })
    };
    places.query_row(params![id, user], read_row).optional().map_err(|error| failed(&error))
}

/// Reads a record by the statement of its kind.
fn record(
    read: &Transaction<'_>,
    query: &mut CachedStatement<'_>,
    id: &str,
    place: &Place,
    (zone, brief): (&TimeZone, bool),
) -> Result<Found, AdapterError> {
    let mut rows = query.query([id]).map_err(|error| failed(&error))?;
    let Some(row) = rows.next().map_err(|error| failed(&error))? else { return Ok(Found::Gone) };
    let parent: Option<String> = row.get(2).map_err(|error| failed(&error))?;
    let fields = match fields(row, place.columns, zone, brief) {
        Ok(fields) => fields,
        Err(what) => return Ok(Found::Unreadable(what)),
    };
    let changed_at: Option<String> = row.get(5).map_err(|error| failed(&error))?;
    let changed_at = match changed_at.filter(|at| !at.is_empty()) {
        None => None,
        Some(at) => match cell::instant(&at, zone) {
            Ok(at) => at.map(cell::seconds),
            Err(what) => return Ok(Found::Unreadable(format!("`changed_at` is not {what}"))),
        },
    };
    let whole = |row: &Row<'_>| -> rusqlite::Result<Record> {
        Ok(Record {
            kind: place.columns.kind,
            module: place.module,
            version: place.version.clone(),
            number: row.get(0)?,
            name: row.get(1)?,
            parent: None,
            fields,
            changed_at,
            changed_by: row.get(6)?,
            private: row.get(3)?,
            editable: row.get::<_, bool>(4)? && place.open,
        })
    };
    let mut record = whole(row).map_err(|error| failed(&error))?;
    if let Some(parent) = parent.filter(|parent| !parent.is_empty()) {
        record.parent = Some(self::parent(read, parent, place.module)?);
    }
    Ok(Found::Record(Box::new(record)))
}

/// Reads the fields of a row of [`Columns::select`]; where the reply is brief, those that are not blank. An error names the column and
/// what it should hold.
pub(crate) fn fields(
    row: &Row<'_>,
    columns: &Columns,
    zone: &TimeZone,
    brief: bool,
) -> Result<Fields, String> {
    // Of some sixty fields, a record fills a few.
    let mut fields = Vec::with_capacity(if brief { 24 } else { 64 });
    for (index, (word, shape)) in columns.fields().enumerate() {
        let cell = row.get_ref(BEFORE_FIELDS + index).map_err(|error| error.to_string())?;
        if brief && matches!(cell, ValueRef::Null) {
            continue;
        }
        let value = cell::read(shape, cell, zone)
            .map_err(|what| format!("the column `{word}` does not hold {what}"))?;
        if !(brief && value.is_null()) {
            fields.push((Cow::Borrowed(word), value));
        }
    }
    Ok(fields.into_iter().collect())
}

/// Reads what an activity belongs to. Where that is gone, its id is all that is known.
fn parent(read: &Transaction<'_>, id: String, of: Module) -> Result<Parent, AdapterError> {
    let contact = crate::columns::KINDS.iter().find(|columns| columns.kind == Kind::Contact);
    let name = contact.map_or("NULL", |columns| columns.name);
    let sql = format!(
        "SELECT module, number, {name} FROM contact WHERE id = ?1
         UNION ALL SELECT module, number, name FROM matter WHERE id = ?1 LIMIT 1"
    );
    let read_row =
        |row: &Row<'_>| Ok((module(&row.get::<_, String>(0)?)?, row.get(1)?, row.get(2)?));
    let found = read
        .prepare_cached(&sql)
        .and_then(|mut query| query.query_row([&id], read_row).optional())
        .map_err(|error| failed(&error))?;
    let (module, number, name) = found.unwrap_or((of, None, None));
    Ok(Parent { id, module, number, name })
}
