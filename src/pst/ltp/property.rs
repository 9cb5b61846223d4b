//! Property contexts: the properties of an object (pure). MS-PST 2.3.3.

use std::fmt;
use std::ops::ControlFlow;

use crate::mapi::{PropertyId, PropertyType, Value};
use crate::pst::bytes::{Bytes, wide};
use crate::pst::error::PstError;
use crate::pst::id::Nid;
use crate::pst::ndb::{Node, Nodes};

use super::bth::Bth;
use super::content::{Chunks, Content, Contents, Place};
use super::heap::Client;
use super::value;

/// A property of an object: what it is and where its value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// Which one. Ids of named properties are the store's own.
    pub id: PropertyId,
    /// The type of its value.
    pub kind: PropertyType,
    /// Where its value is.
    pub place: Place,
}

/// The properties of an object.
pub struct PropertyContext<'a> {
    contents: Contents<'a>,
    properties: Vec<Property>,
}

impl<'a> PropertyContext<'a> {
    /// Reads which properties a node has; values are read when they are asked for.
    pub fn open(nodes: &'a dyn Nodes, node: &Node) -> Result<Self, PstError> {
        let contents = Contents::open(nodes, node)?;
        let heap = contents.heap();
        if heap.client() != Client::PROPERTIES {
            return Err(wrong(heap.tree().block(0)?.map_or(0, |block| block.at()), heap.client()));
        }
        let records = Bth::open(heap, heap.root())?;
        if (records.key, records.data) != (2, 6) {
            let bytes = Bytes::new("BTHHEADER", heap.piece(heap.root())?.at(), &[]);
            return Err(bytes.damaged("cbKey", 1, wide(records.key), "is not that of properties"));
        }
        let mut properties = Vec::new();
        records.each(heap, &mut |record| {
            let (key, data) =
                (Bytes::new("PC", record.at, record.key), Bytes::new("PC", record.at, record.data));
            let kind = PropertyType(data.u16(0, "wPropType")?);
            let bytes = data.array(2, "dwValueHnid")?;
            let place = if value::is_inline(kind) {
                Place::Inline(bytes)
            } else {
                Place::of(u32::from_le_bytes(bytes))
            };
            properties.push(Property { id: PropertyId(key.u16(0, "wPropId")?), kind, place });
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Self { contents, properties })
    }

    /// Returns the properties in the order of their ids.
    pub fn properties(&self) -> &[Property] {
        &self.properties
    }

    /// Finds a property.
    pub fn property(&self, id: PropertyId) -> Option<&Property> {
        let index = self.properties.binary_search_by_key(&id, |property| property.id).ok()?;
        self.properties.get(index)
    }

    /// Returns the value of a property, `None` when the object has no such property.
    pub fn value(&self, id: PropertyId) -> Result<Option<Value>, PstError> {
        self.property(id).map(|property| self.value_of(property)).transpose()
    }

    /// Reads the value of a property of this object; of at most [`super::content::LIMIT`] bytes.
    pub fn value_of(&self, property: &Property) -> Result<Value, PstError> {
        let content = self.contents.content(property.place)?;
        value::decode(property.kind, &content, content.at())
    }

    /// Returns the bytes of a property's value as they are stored.
    pub fn content(&self, property: &Property) -> Result<Content, PstError> {
        self.contents.content(property.place)
    }

    /// Returns the bytes of a property's value, however many, chunk by chunk.
    pub fn chunks(&self, property: &Property) -> Result<Chunks<'a>, PstError> {
        self.contents.chunks(property.place)
    }

    /// Returns how many bytes a property's value has.
    pub fn size(&self, property: &Property) -> Result<u64, PstError> {
        self.contents.size(property.place)
    }

    /// Returns the subnode that a property of type `PtypObject` is, and its size in bytes as it says itself.
    pub fn object(&self, property: &Property) -> Result<(Node, u32), PstError> {
        let content = self.contents.content(property.place)?;
        let bytes = Bytes::new("PtypObject", content.at(), &content);
        let nid = Nid(bytes.u32(0, "Nid")?);
        Ok((self.contents.subnode(nid, "embedded object")?, bytes.u32(4, "ulSize")?))
    }

    /// Returns the heap and the subnodes below.
    pub fn contents(&self) -> &Contents<'a> {
        &self.contents
    }
}

impl fmt::Debug for PropertyContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.properties).finish()
    }
}

fn wrong(at: u64, client: Client) -> PstError {
    PstError::Damaged {
        structure: "HNHDR",
        field: "bClientSig",
        value: client.0.into(),
        rule: "is not 0xbc, properties",
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::PropertyContext;
    use crate::mapi::{PropertyId, Value};
    use crate::pst::ltp::heap::tests::{heap, node};
    use crate::pst::ndb::node::tests::Scripted;

    const HEAD: [u8; 8] = [0xB5, 2, 6, 0, 0x40, 0, 0, 0];

    fn context(records: &[u8], values: &[&[u8]]) -> Scripted {
        let mut allocations = vec![&HEAD[..], records];
        allocations.extend(values);
        let mut list = vec![2, 0, 1, 0, 0, 0, 0, 0];
        list.extend([0x3F, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
        list.extend([0; 8]);
        let big = b"b\0i\0g\0".to_vec();
        Scripted::new([(4, heap(0xBC, 0x20, &allocations)), (2, list), (8, big)])
    }

    /// Records after MS-PST 2.3.3.3: id, type, then the value or where it is.
    #[test]
    fn values_stand_in_the_record_the_heap_or_a_subnode() {
        let records = [
            [0x17, 0x00, 0x03, 0x00, 2, 0, 0, 0],    // Importance 2
            [0x37, 0x00, 0x1F, 0x00, 0x60, 0, 0, 0], // Subject, in the heap
            [0x70, 0x00, 0x1F, 0x00, 0, 0, 0, 0],    // Topic, empty
            [0x00, 0x10, 0x1F, 0x00, 0x3F, 0, 0, 0], // Body, in a subnode
        ];
        let nodes = context(records.as_flattened(), &[b"a\0"]);
        let context = PropertyContext::open(&nodes, &node()).unwrap();
        let text = |id| context.value(PropertyId(id)).unwrap();
        assert_eq!(text(0x17), Some(Value::Integer32(2)));
        assert_eq!(text(0x37), Some("a".into()));
        assert_eq!(text(0x70), Some("".into()));
        assert_eq!(text(0x1000), Some("big".into()));
        assert_eq!(text(0x1001), None);
        let body = context.property(PropertyId(0x1000)).unwrap();
        assert_eq!(context.size(body).unwrap(), 6);
        assert_eq!(
            context.chunks(body).unwrap().map(|chunk| chunk.unwrap().len()).sum::<usize>(),
            6
        );
    }

    /// Absent and unreadable never look alike.
    #[test]
    fn records_out_of_order_are_an_error_not_an_absence() {
        let records = [[0x37, 0, 3, 0, 2, 0, 0, 0], [0x17, 0, 3, 0, 2, 0, 0, 0]];
        assert!(PropertyContext::open(&context(records.as_flattened(), &[]), &node()).is_err());
        let lost = [[0x37, 0, 0x1F, 0, 0xE0, 0, 0, 0], [0x70, 0, 0x1F, 0, 0x5F, 0, 0, 0]];
        let nodes = context(lost.as_flattened(), &[]);
        let context = PropertyContext::open(&nodes, &node()).unwrap();
        assert!(context.value(PropertyId(0x37)).is_err(), "no such allocation");
        assert!(context.value(PropertyId(0x70)).is_err(), "no such subnode");
    }

    /// Seen in items that Aspose wrote: the room behind the last record is filled with zeros.
    #[test]
    fn zeros_behind_the_last_record_are_no_records() {
        let records = [[0x17, 0, 3, 0, 2, 0, 0, 0], [0; 8], [0; 8]];
        let nodes = context(records.as_flattened(), &[]);
        assert_eq!(PropertyContext::open(&nodes, &node()).unwrap().properties().len(), 1);
    }
}
