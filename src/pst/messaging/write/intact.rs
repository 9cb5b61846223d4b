//! The second lock of a change: the reader finds what was not touched as it was (effect).
//!
//! Reader and writer each know how properties are laid out. Where they do not agree about an item that somebody else wrote, the
//! change is an error and nothing of it is stored.

use crate::mapi::PropertyId;
use crate::pst::PstError;
use crate::pst::ltp::{Place, Property, PropertyContext};
use crate::pst::ndb::{Node, Nodes};

/// The properties of a node before it is changed, as the reader finds them.
pub(super) struct Seen(Vec<Property>);

impl Seen {
    /// Reads which there are, and where their values stand.
    pub(super) fn of(nodes: &dyn Nodes, node: &Node) -> Result<Self, PstError> {
        Ok(Self(PropertyContext::open(nodes, node)?.properties().to_vec()))
    }

    /// Makes sure that a change of some properties left all others as they were, values included.
    pub(super) fn is_kept(
        &self,
        mut touched: Vec<PropertyId>,
        nodes: &dyn Nodes,
        changed: &Node,
    ) -> Result<(), PstError> {
        touched.sort_unstable();
        let is_touched = |one: &&Property| touched.binary_search(&one.id).is_ok();
        let (before, after) = (&self.0, Self::of(nodes, changed)?.0);
        // What a touched property named was overwritten or given back.
        let gone: Vec<Place> = before
            .iter()
            .filter(is_touched)
            .map(|one| one.place)
            .filter(|place| matches!(place, Place::Heap(_) | Place::Subnode(_)))
            .collect();
        let mut left = before.iter().filter(|one| !is_touched(one));
        if let Some(shared) = left.clone().find(|one| gone.contains(&one.place)) {
            return Err(lost("dwValueHnid", shared.id, "has its value where another has its own"));
        }
        let mut found = after.iter().filter(|one| !is_touched(one));
        loop {
            match (left.next(), found.next()) {
                (None, None) => return Ok(()),
                (before, after) if before == after => {}
                (Some(one), _) | (None, Some(one)) => {
                    let rule = "is a property that the change would not leave as it was";
                    return Err(lost("wPropId", one.id, rule));
                }
            }
        }
    }
}

fn lost(field: &'static str, id: PropertyId, rule: &'static str) -> PstError {
    PstError::Damaged { structure: "PC", field, value: id.0.into(), rule, at: 0 }
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use crate::mapi::PropertyId;
    use crate::pst::ltp::heap::tests::{heap, node};
    use crate::pst::ndb::node::tests::Scripted;

    /// Records after MS-PST 2.3.3.3: id, type, then the value or where it is.
    fn nodes(records: &[[u8; 8]]) -> Scripted {
        let head = [0xB5, 2, 6, 0, 0x40, 0, 0, 0];
        let allocations = [&head[..], records.as_flattened(), b"a\0"];
        Scripted::new([(4, heap(0xBC, 0x20, &allocations))])
    }

    const IMPORTANCE: [u8; 8] = [0x17, 0, 3, 0, 2, 0, 0, 0];
    const SUBJECT: [u8; 8] = [0x37, 0, 0x1F, 0, 0x60, 0, 0, 0];
    const TOPIC: [u8; 8] = [0x70, 0, 0x1F, 0, 0x60, 0, 0, 0];

    fn is_kept(before: &[[u8; 8]], touched: &[u16], after: &[[u8; 8]]) -> bool {
        let seen = Seen::of(&nodes(before), &node()).unwrap();
        let touched = touched.iter().map(|id| PropertyId(*id)).collect();
        seen.is_kept(touched, &nodes(after), &node()).is_ok()
    }

    /// A change that the reader would see more of than was meant is an error: a property lost or doubled, a value that two share.
    #[test]
    fn what_was_not_touched_is_as_it_was() {
        let both = [IMPORTANCE, SUBJECT];
        let high = [0x17, 0, 3, 0, 1, 0, 0, 0];
        assert!(is_kept(&both, &[0x17], &[high, SUBJECT]));
        assert!(is_kept(&both, &[0x17], &[SUBJECT]));
        assert!(is_kept(&[SUBJECT], &[0x17], &both));
        assert!(!is_kept(&both, &[0x37], &[high, SUBJECT]), "another value");
        assert!(!is_kept(&both, &[0x17], &[high]), "lost");
        assert!(!is_kept(&[SUBJECT], &[0x37], &both), "one more");
        assert!(!is_kept(&both, &[0x37], &[IMPORTANCE, SUBJECT, IMPORTANCE]), "out of order");
        assert!(!is_kept(&[SUBJECT, TOPIC], &[0x37], &[SUBJECT, TOPIC]), "one value for two");
        assert!(is_kept(&[IMPORTANCE, SUBJECT, TOPIC], &[0x17], &[high, SUBJECT, TOPIC]));
    }
}
