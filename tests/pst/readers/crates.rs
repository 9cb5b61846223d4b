//! The crate outlook-pst by Microsoft.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;

use outlook_pst::ltp::prop_context::{GuidValue, PropertyValue};
use outlook_pst::ltp::prop_type::PropertyType;
use outlook_pst::ltp::table_context::TableContext;
use outlook_pst::messaging::named_prop::{
    NamedPropertyGuid, NamedPropertyId, PS_MAPI, PS_PUBLIC_STRINGS,
};
use outlook_pst::messaging::store::Store;
use outlook_pst::ndb::node_id::NodeId;

use super::{Folder, Item, Reading, Value, is_search};

const ROOT: u32 = 0x122;

/// Reads a file from its root folder down.
pub(super) fn outlook_pst(file: &Path) -> Reading {
    let mut reading = Reading::default();
    // The crate may panic over what it does not expect; that is its answer then.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let store = outlook_pst::open_store(file)?;
        reading.names = names(&store)?;
        walk(&store, ROOT, &[], &mut reading)
    }));
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => reading.errors.push((None, error.to_string())),
        Err(_) => reading.errors.push((None, "outlook-pst panicked".to_owned())),
    }
    reading
}

fn names(store: &Rc<dyn Store>) -> io::Result<BTreeMap<u16, String>> {
    let map = store.named_property_map()?;
    let properties = map.properties();
    let sets = properties.stream_guid()?;
    let mut names = BTreeMap::new();
    for entry in properties.stream_entry()? {
        let set = match entry.guid() {
            NamedPropertyGuid::None => continue,
            NamedPropertyGuid::Mapi => written(&PS_MAPI),
            NamedPropertyGuid::PublicStrings => written(&PS_PUBLIC_STRINGS),
            // Its own function for looking one up counts the two fixed sets in, and panics.
            NamedPropertyGuid::GuidIndex(index) => written(&sets[usize::from(index)]),
        };
        let name = match entry.id() {
            NamedPropertyId::Number(number) => format!("{number:04X}"),
            NamedPropertyId::StringOffset(at) => properties.lookup_string(at)?.to_string(),
        };
        names.insert(entry.prop_id(), format!("{set}/{name}"));
    }
    Ok(names)
}

/// A GUID as people write it.
fn written(guid: &GuidValue) -> String {
    let [a, b, rest @ ..] = guid.data4();
    let rest: Vec<String> = rest.iter().map(|byte| format!("{byte:02x}")).collect();
    let (first, second, third) = (guid.data1(), guid.data2(), guid.data3());
    format!("{first:08x}-{second:04x}-{third:04x}-{a:02x}{b:02x}-{}", rest.concat())
}

fn walk(store: &Rc<dyn Store>, nid: u32, path: &[String], reading: &mut Reading) -> io::Result<()> {
    if is_search(nid) {
        return Ok(());
    }
    let folder = store.open_folder(&store.properties().make_entry_id(NodeId::from(nid))?)?;
    let mut path = path.to_vec();
    if nid != ROOT {
        path.push(folder.properties().display_name().unwrap_or_default());
    }
    let rows: Vec<u32> = folder.contents_table().map_or_else(Vec::new, |table| {
        table.rows_matrix().map(|row| u32::from(row.id())).collect()
    });
    let items = u64::try_from(rows.len()).ok();
    reading.folders.insert(nid, Folder { path: path.clone(), items });
    for row in rows {
        match item(store, row, nid) {
            Ok(item) => {
                reading.items.insert(row, item);
            }
            Err(error) => reading.errors.push((Some(row), error.to_string())),
        }
    }
    let below: Vec<u32> = folder.hierarchy_table().map_or_else(Vec::new, |table| {
        table.rows_matrix().map(|row| u32::from(row.id())).collect()
    });
    below.into_iter().try_for_each(|nid| walk(store, nid, &path, reading))
}

fn item(store: &Rc<dyn Store>, nid: u32, folder: u32) -> io::Result<Item> {
    let entry = store.properties().make_entry_id(NodeId::from(nid))?;
    let message = Rc::clone(store).open_message(&entry, None)?;
    let properties: BTreeMap<u16, Value> =
        message.properties().iter().map(|(id, value)| (*id, stored(value))).collect();
    let attachments = message.attachment_table().map(|table| table.rows_matrix().count());
    let attachments = u64::try_from(attachments.unwrap_or_default()).ok();
    // It looks for the message that an attachment is among the subnodes of the item, where none is, and then gives nothing of the
    // attachment (1.2.0, `messaging/attachment.rs`; in files of Outlook as well).
    let recipients =
        message.recipient_table().map_or_else(|| Ok(BTreeMap::new()), |table| rows(&**table))?;
    Ok(Item { folder, attachments, properties, below: None, recipients: Some(recipients) })
}

/// Reads the rows of a table by their ids.
fn rows(table: &dyn TableContext) -> io::Result<BTreeMap<u32, BTreeMap<u16, Value>>> {
    let mut rows = BTreeMap::new();
    for row in table.rows_matrix() {
        let cells = row.columns(table.context())?;
        let mut found = BTreeMap::new();
        for (column, cell) in table.context().columns().iter().zip(cells) {
            if let Some(cell) = cell {
                found.insert(
                    column.prop_id(),
                    stored(&table.read_column(&cell, column.prop_type())?),
                );
            }
        }
        rows.insert(u32::from(row.id()), found);
    }
    Ok(rows)
}

/// Turns a value back into the bytes that the file stores; `None` for what says only where they are.
fn stored(value: &PropertyValue) -> Value {
    let bytes = match value {
        PropertyValue::Null => Some(Vec::new()),
        PropertyValue::Integer16(number) => Some(number.to_le_bytes().to_vec()),
        PropertyValue::Integer32(number) | PropertyValue::ErrorCode(number) => {
            Some(number.to_le_bytes().to_vec())
        }
        PropertyValue::Floating32(number) => Some(number.to_le_bytes().to_vec()),
        PropertyValue::Floating64(number) | PropertyValue::FloatingTime(number) => {
            Some(number.to_le_bytes().to_vec())
        }
        PropertyValue::Currency(number)
        | PropertyValue::Integer64(number)
        | PropertyValue::Time(number) => Some(number.to_le_bytes().to_vec()),
        PropertyValue::Boolean(truth) => Some(vec![u8::from(*truth)]),
        PropertyValue::String8(text) => Some(text.buffer().to_vec()),
        PropertyValue::Unicode(text) => Some(units(text.buffer())),
        PropertyValue::Guid(value) => Some(guid(value)),
        PropertyValue::Binary(bytes) => Some(bytes.buffer().to_vec()),
        PropertyValue::Object(_) => None,
        PropertyValue::MultipleInteger16(all) => Some(packed(all, i16::to_le_bytes)),
        PropertyValue::MultipleInteger32(all) => Some(packed(all, i32::to_le_bytes)),
        PropertyValue::MultipleFloating32(all) => Some(packed(all, f32::to_le_bytes)),
        PropertyValue::MultipleFloating64(all) | PropertyValue::MultipleFloatingTime(all) => {
            Some(packed(all, f64::to_le_bytes))
        }
        PropertyValue::MultipleCurrency(all)
        | PropertyValue::MultipleInteger64(all)
        | PropertyValue::MultipleTime(all) => Some(packed(all, i64::to_le_bytes)),
        PropertyValue::MultipleGuid(all) => Some(all.iter().flat_map(guid).collect()),
        PropertyValue::MultipleString8(all) => {
            Some(listed(all.iter().map(|text| text.buffer().to_vec())))
        }
        PropertyValue::MultipleUnicode(all) => {
            Some(listed(all.iter().map(|text| units(text.buffer()))))
        }
        PropertyValue::MultipleBinary(all) => {
            Some(listed(all.iter().map(|bytes| bytes.buffer().to_vec())))
        }
    };
    Value { kind: u16::from(PropertyType::from(value)), bytes }
}

fn units(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

fn guid(guid: &GuidValue) -> Vec<u8> {
    let mut bytes = guid.data1().to_le_bytes().to_vec();
    bytes.extend(guid.data2().to_le_bytes());
    bytes.extend(guid.data3().to_le_bytes());
    bytes.extend(guid.data4());
    bytes
}

fn packed<Item: Copy, const WIDTH: usize>(
    all: &[Item],
    bytes: impl Fn(Item) -> [u8; WIDTH],
) -> Vec<u8> {
    all.iter().flat_map(|item| bytes(*item)).collect()
}

/// Several values of any length: their count, where each begins, and then they. MS-PST 2.3.3.4.2.
fn listed(items: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let items: Vec<Vec<u8>> = items.collect();
    let size = |length: usize| u32::try_from(length).expect("a short list").to_le_bytes();
    let mut bytes = size(items.len()).to_vec();
    let mut start = 4 + items.len() * 4;
    for item in &items {
        bytes.extend(size(start));
        start += item.len();
    }
    bytes.extend(items.concat());
    bytes
}
