//! What items must have (effect). MS-PST 2.4.5, MS-OXOCAL 2.2.1.44.

use super::occurrences;
use super::place::Place;
use super::report::{Report, Weight};
use super::rule::Rule;
use crate::mapi::recurrence::{AppointmentRecurrence, RecurrencePattern};
use crate::mapi::{PropertyTag, Value, named as n, property as p};
use crate::pst::error::PstError;
use crate::pst::messaging::{Item, Object};

/// What every item has.
const REQUIRED: [PropertyTag; 6] = [
    p::MESSAGE_CLASS,
    p::MESSAGE_FLAGS,
    p::MESSAGE_SIZE,
    p::CREATION_TIME,
    p::LAST_MODIFICATION_TIME,
    p::SEARCH_KEY,
];

/// Checks an item; `required` is what it weighs where something is missing.
pub(super) fn check(
    item: &Item<'_>,
    place: Place<'_>,
    required: Weight,
    report: &mut Report,
) -> Result<(), PstError> {
    let object = item.properties();
    for tag in REQUIRED {
        if object.property(tag.id).is_none() {
            report.add(required, place, Rule::Required.by(&[&tag]));
        }
    }
    addresses(object, place, report)?;
    if let Some(Value::Binary(bytes)) = object.value(n::TASK_RECURRENCE)?
        && let Err(error) = RecurrencePattern::parse(&bytes)
    {
        report.error(place, Rule::Unreadable.by(&[&error]));
    }
    if let Some(Value::Binary(bytes)) = object.value(n::APPOINTMENT_RECURRENCE)? {
        match AppointmentRecurrence::parse(&bytes) {
            Err(error) => report.error(place, Rule::Unreadable.by(&[&error])),
            Ok(series) => {
                let messages = occurrences::check(item, &series, place, report)?;
                let days = series.pattern.modified.len();
                if days != series.changes.len() {
                    report.error(place, Rule::ChangedDays.by(&[&series.changes.len(), &days]));
                }
                if messages != series.changes.len() {
                    let breach = Rule::Occurrences.by(&[&series.changes.len(), &messages]);
                    report.error(place, breach);
                }
            }
        }
    }
    Ok(())
}

/// The slots of e-mail addresses that are used are listed twice: as numbers (8028) and as bits (8029). MS-OXOCNTC 2.2.1.2.11,
/// 2.2.1.2.12.
fn addresses(object: &Object<'_>, place: Place<'_>, report: &mut Report) -> Result<(), PstError> {
    let list = object.value(n::ADDRESS_BOOK_PROVIDER_EMAIL_LIST)?;
    let bits = object.value(n::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE)?;
    match (list, bits.and_then(|bits| bits.as_i32())) {
        (Some(Value::Integers32(list)), Some(bits)) => {
            let of_list = list
                .iter()
                .filter_map(|slot| 1_i32.checked_shl(slot.unsigned_abs()))
                .fold(0, |bits, bit| bits | bit);
            if of_list != bits {
                report.error(place, Rule::UsedAddresses);
            }
        }
        (Some(_), None) => report.error(place, Rule::LoneAddresses.by(&[&"8029"])),
        (None, Some(_)) => report.error(place, Rule::LoneAddresses.by(&[&"8028"])),
        _ => {}
    }
    Ok(())
}
