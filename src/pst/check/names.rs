//! The map of named properties (effect). MS-PST 2.4.7.

use std::collections::BTreeMap;

use super::place::Place;
use super::report::Report;
use super::rule::Rule;
use crate::mapi::PropertyId;
use crate::pst::bytes::Bytes;
use crate::pst::crc::crc;
use crate::pst::error::PstError;
use crate::pst::id::Nid;
use crate::pst::ltp::{Content, PropertyContext};
use crate::pst::ndb::{Ndb, Nodes as _};

const BUCKETS: PropertyId = PropertyId(0x0001);
const ENTRIES: PropertyId = PropertyId(0x0003);
const SETS: PropertyId = PropertyId(0x0002);
const TEXTS: PropertyId = PropertyId(0x0004);
const FIRST_BUCKET: u16 = 0x1000;

/// Checks that every name stands at its ordinal and in its bucket.
pub(super) fn check(ndb: &Ndb, report: &mut Report) {
    let read = read(ndb, report);
    report.take(Place::Names, read);
}

fn read(ndb: &Ndb, report: &mut Report) -> Result<(), PstError> {
    let (place, what) = (Place::Names, "map of named properties");
    let Some(node) = ndb.node(Nid::NAME_MAP)? else {
        return Err(PstError::NoNode { nid: Nid::NAME_MAP, what });
    };
    let context = PropertyContext::open(ndb, &node)?;
    let stream = |id| context.property(id).map(|found| context.content(found)).transpose();
    let buckets = context.value(BUCKETS)?.and_then(|value| value.as_i32()).unwrap_or(0);
    let (Some(entries), Ok(buckets)) = (stream(ENTRIES)?, u32::try_from(buckets)) else {
        report.error(place, Rule::NoEntries);
        return Ok(());
    };
    if buckets == 0 {
        report.error(place, Rule::NoBuckets);
        return Ok(());
    }
    let texts: Option<Content> = stream(TEXTS)?;
    let sets = stream(SETS)?.map_or(0, |sets| sets.len() / 16);
    // What the buckets say, by ordinal.
    let mut listed: BTreeMap<u16, (u32, u32, u16)> = BTreeMap::new();
    for bucket in 0..buckets {
        let Ok(id) = u16::try_from(bucket) else { break };
        let Some(records) = stream(PropertyId(FIRST_BUCKET.saturating_add(id)))? else { continue };
        let bytes = Bytes::new("bucket", records.at(), &records);
        for start in (0..records.len()).step_by(8) {
            let record =
                (bucket, bytes.u32(start, "dwPropertyID")?, bytes.u16(start + 4, "wGuid")?);
            let ordinal = bytes.u16(start + 6, "wPropIdx")?;
            if usize::from(ordinal) >= entries.len() / 8 {
                report.error(place, Rule::BucketBeyond.by(&[&bucket, &ordinal]));
            }
            if listed.insert(ordinal, record).is_some() {
                report.error(place, Rule::BucketTwice.by(&[&bucket]));
            }
        }
    }
    let bytes = Bytes::new("NAMEID", entries.at(), &entries);
    for (position, start) in (0_u16..).zip((0..entries.len()).step_by(8)) {
        let number = bytes.u32(start, "dwPropertyID")?;
        let guid = bytes.u16(start + 4, "wGuid")?;
        let ordinal = bytes.u16(start + 6, "wPropIdx")?;
        if ordinal != position {
            report.error(place, Rule::Ordinal.by(&[&position, &ordinal]));
        }
        // 0 to 2 are none, PS_MAPI and PS_PUBLIC_STRINGS; those of the stream follow.
        if usize::from(guid >> 1) >= sets + 3 {
            report.error(place, Rule::NameSet.by(&[&position]));
        }
        let key = if guid & 1 == 1 {
            let (at, texts) = texts.as_ref().map_or((0, &[][..]), |texts| (texts.at(), texts));
            let strings = Bytes::new("string stream", at, texts);
            let offset = usize::try_from(number).unwrap_or(usize::MAX);
            let length = usize::try_from(strings.u32(offset, "length")?).unwrap_or(usize::MAX);
            crc(strings.slice(offset.saturating_add(4), length, "name")?)
        } else {
            number
        };
        let bucket = (key ^ u32::from(guid)) % buckets;
        match listed.get(&ordinal) {
            None => report.error(place, Rule::NoBucket.by(&[&position])),
            Some(found) if *found != (bucket, key, guid) => {
                report.error(place, Rule::OtherBucket.by(&[&position, &bucket]));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
