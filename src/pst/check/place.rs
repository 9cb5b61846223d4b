//! What a finding is about (pure). Nothing is put together before it is needed: mostly there is nothing to be said of a place.

use super::rule::Said;
use crate::mapi::{PropertyId, PropertyTag};
use crate::pst::id::{Bid, Nid};
use crate::pst::ndb::PageKind;

/// A place in a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'p> {
    Header,
    Maps,
    Folders,
    Nodes,
    Names,
    LeafOfBlocks,
    LeafOfNodes,
    /// A page of a kind, by its offset.
    Page(&'static str, u64),
    Block(Bid),
    Node(Nid),
    Folder(Nid),
    /// An item, in its folder.
    Item(Nid, Nid),
    Within(&'p Place<'p>, Part),
}

/// A part of a place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Subnode(Nid),
    Property(PropertyId),
    HeapBlock(usize),
    Cell(u32, PropertyTag),
}

impl Place<'_> {
    /// Says whether it is one of the pages that say what is free.
    pub(super) fn is_map(self) -> bool {
        let maps =
            [PageKind::AllocationMap, PageKind::PageMap, PageKind::FreeMap, PageKind::FreePageMap];
        matches!(self, Self::Page(name, _) if maps.iter().any(|kind| kind.structure() == name))
    }

    /// Names the place.
    pub(super) fn said(&self) -> Said {
        let said = |en: String, de: String| Said { en, de };
        match self {
            Self::Header => said("header".into(), "Kopf".into()),
            Self::Maps => said("maps".into(), "Belegungskarten".into()),
            Self::Folders => said("folders".into(), "Ordner".into()),
            Self::Nodes => said("nodes".into(), "Knoten".into()),
            Self::Names => said("map of named properties".into(), "Verzeichnis der Namen".into()),
            Self::LeafOfBlocks => {
                said("leaf of the block tree".into(), "Blatt des Blockbaums".into())
            }
            Self::LeafOfNodes => {
                said("leaf of the node tree".into(), "Blatt des Knotenbaums".into())
            }
            Self::Page(kind, at) => {
                said(format!("{kind} at {at:#x}"), format!("{kind} bei {at:#x}"))
            }
            Self::Block(bid) => said(format!("block {bid}"), format!("Block {bid}")),
            Self::Node(nid) => said(format!("node {nid}"), format!("Knoten {nid}")),
            Self::Folder(nid) => said(format!("folder {nid}"), format!("Ordner {nid}")),
            // As other commands take it.
            Self::Item(folder, nid) => {
                let id = format!("{:x}.{:x}", folder.0, nid.0);
                said(format!("item {id}"), format!("Element {id}"))
            }
            Self::Within(place, part) => {
                let (Said { en, de }, part) = (place.said(), part.said());
                said(format!("{en}, {}", part.en), format!("{de}, {}", part.de))
            }
        }
    }
}

impl Part {
    fn said(self) -> Said {
        let (en, de) = match self {
            Self::Subnode(nid) => (format!("subnode {nid}"), format!("Unterknoten {nid}")),
            Self::Property(id) => (format!("property {id}"), format!("Eigenschaft {id}")),
            Self::HeapBlock(index) => {
                (format!("block {index} of its heap"), format!("Block {index} seines Heaps"))
            }
            Self::Cell(row, tag) => {
                (format!("row {row:#x}, column {tag}"), format!("Zeile {row:#x}, Spalte {tag}"))
            }
        };
        Said { en, de }
    }
}
