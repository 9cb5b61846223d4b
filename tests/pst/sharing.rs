//! Shared blocks, big data and many subnodes: what is referred to too often is copied, and small changes of big things write
//! little.

use std::collections::BTreeMap;

use abgleich::pst::crypt::Crypt;
use abgleich::pst::id::{Bid, Nid, NidKind};
use abgleich::pst::medium::{Call, Medium, Recording};
use abgleich::pst::ndb::node::Node;
use abgleich::pst::ndb::write::{DataChange, Settings, Writer};

use crate::transactions::{bytes, read};
use crate::walker::{Walked, walk};

const FULL: usize = 8176;

fn empty() -> Writer {
    let medium = Medium::Memory(Vec::new());
    Writer::empty(medium, Crypt::None, &Settings::default()).unwrap()
}

fn closed(file: Writer) -> Walked {
    walk(bytes(&file.close_in_media().unwrap().0))
}

fn message(index: usize) -> Nid {
    Nid::new(NidKind::MESSAGE, 0x1_0001 + u32::try_from(index).unwrap())
}

/// Guide to the format, §4: a count has 16 bits, so sharing is capped. One empty table serves 30,000 items.
#[test]
fn what_is_referred_to_too_often_is_copied() {
    let mut file = empty();
    let mut shared: Option<(Option<Bid>, Option<Bid>)> = None;
    for part in 0..2 {
        let mut batch = file.begin().unwrap();
        let (data, sub) = if let Some(shared) = shared {
            shared
        } else {
            let below = batch.put_data(b"below").unwrap();
            let below = Node { nid: Nid(0x692), data: below, sub: None, parent: Nid(0) };
            (batch.put_data(b"shared").unwrap(), batch.put_subnodes(&[below]).unwrap())
        };
        for index in part * 35_000..(part + 1) * 35_000 {
            let node = Node { nid: message(index), data, sub, parent: Nid(0) };
            batch.set_node(node).unwrap();
        }
        batch.commit().unwrap();
        shared = Some((data, sub));
    }
    let mut counts = Vec::new();
    let each = &mut |block: abgleich::pst::ndb::page::BlockEntry| {
        counts.push(block.references);
        std::ops::ControlFlow::Continue(())
    };
    file.nodes().block_entries(each).unwrap();
    assert!(counts.iter().all(|count| *count <= 30_001), "{counts:?}");
    // 35,000 references take two copies, in each of the transactions, of data and of the list; the block below the lists is
    // referred to by the four lists.
    assert_eq!(counts.len(), 9, "{counts:?}");
    let found = closed(file);
    assert_eq!(found.nodes.len(), 70_000);
    assert!(found.nodes.values().all(|node| node.data == b"shared"));
    assert!(found.nodes.values().all(|node| node.subnodes[&0x692].data == b"below"));
}

/// Makes a file in which writes are counted from here on.
fn recorded(file: Writer) -> Writer {
    let (file, _) = file.close_in_media().unwrap();
    let recording = Recording::new(bytes(&file).to_vec());
    let rescue = Medium::Recording(recording.beside(Vec::new()));
    let settings = Settings::default();
    Writer::in_media(Medium::Recording(recording), rescue, &settings, &|_| Ok(false)).unwrap()
}

fn written(file: &Writer) -> usize {
    let Medium::Recording(recording) = file.nodes().medium() else { panic!() };
    let calls = recording.calls();
    let lengths = calls.iter().map(|(_, call)| match call {
        Call::Write { bytes, .. } => bytes.len(),
        _ => 0,
    });
    lengths.sum()
}

/// Issue 4, point 2: "large tables are edited block-wise".
#[test]
fn a_small_change_of_big_data_writes_little() {
    let mut file = empty();
    // 2,500 blocks in three lists.
    let mut model: Vec<u8> = (0..2500 * FULL).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let mut batch = file.begin().unwrap();
    let data = batch.put_data(&model).unwrap();
    let node = Node { nid: message(0), data, sub: None, parent: Nid(0) };
    batch.set_node(node).unwrap();
    batch.commit().unwrap();
    let mut file = recorded(file);
    let change = DataChange {
        replace: BTreeMap::from([(1500, vec![7; FULL])]),
        append: vec![vec![8; 100]],
        ..DataChange::default()
    };
    let mut batch = file.begin().unwrap();
    let data = batch.change_data(data, &change).unwrap();
    batch.set_node(Node { data, ..node }).unwrap();
    batch.commit().unwrap();
    model[1500 * FULL..1501 * FULL].fill(7);
    model.extend([8; 100]);
    assert_eq!(read(file.nodes())[&message(0).0].data, model);
    // Two blocks, three of four lists, two paths of trees with the counts of 1,500 blocks in none of them, maps, headers.
    assert!(written(&file) < 60_000, "{} bytes", written(&file));
    let mut batch = file.begin().unwrap();
    let cut = DataChange { keep: Some(3), ..DataChange::default() };
    let data = batch.change_data(data, &cut).unwrap();
    batch.set_node(Node { data, ..node }).unwrap();
    batch.commit().unwrap();
    model.truncate(3 * FULL);
    assert_eq!(read(file.nodes())[&message(0).0].data, model);
    let (Medium::Recording(recording), _) = file.close_in_media().unwrap() else { panic!() };
    let found = walk(recording.bytes());
    assert_eq!((found.nodes.len(), found.leaked), (1, 0));
}

#[test]
fn a_small_change_of_many_subnodes_writes_little() {
    let mut file = empty();
    let mut batch = file.begin().unwrap();
    let sub = |index: u32| Nid::new(NidKind::VALUE, 0x401 + index);
    let nodes: Vec<Node> = (0..5000)
        .map(|index: u32| {
            let data = batch.put_data(&index.to_le_bytes()).unwrap();
            Node { nid: sub(2 * index), data, sub: None, parent: Nid(0) }
        })
        .collect();
    let tree = batch.put_subnodes(&nodes).unwrap();
    let node = Node { nid: message(0), data: None, sub: tree, parent: Nid(0) };
    batch.set_node(node).unwrap();
    batch.commit().unwrap();
    let mut file = recorded(file);
    let mut batch = file.begin().unwrap();
    let data = batch.put_data(b"new").unwrap();
    let new = Node { nid: sub(4001), data, sub: None, parent: Nid(0) };
    let changes = BTreeMap::from([(new.nid, Some(new)), (sub(4000), None)]);
    let tree = batch.change_subnodes(tree, &changes).unwrap();
    batch.set_node(Node { sub: tree, ..node }).unwrap();
    batch.commit().unwrap();
    let found = read(file.nodes());
    let below = &found[&message(0).0].subnodes;
    assert_eq!(below.len(), 5000);
    assert_eq!(below[&sub(4001).0].data, b"new");
    assert!(!below.contains_key(&sub(4000).0));
    assert!(written(&file) < 30_000, "{} bytes", written(&file));
}

/// Blocks that nothing refers to are not in the file, and inner blocks that are not full are refused.
#[test]
fn what_is_not_referred_to_is_not_there() {
    let mut file = empty();
    let mut batch = file.begin().unwrap();
    batch.put_data(&vec![1; 50_000]).unwrap();
    let data = batch.put_data(b"kept").unwrap();
    let refused = batch.put_blocks(&[vec![1; 100], vec![2; 100]]);
    assert!(refused.unwrap_err().to_string().contains("8176"));
    assert!(batch.put_data(&[]).unwrap().is_none());
    assert!(batch.put_subnodes(&[]).unwrap().is_none());
    batch.set_node(Node { nid: message(0), data, sub: None, parent: Nid(0) }).unwrap();
    let dangling = Node { nid: message(1), data: Some(Bid(0x4444)), sub: None, parent: Nid(0) };
    assert!(batch.set_node(dangling).is_err());
    batch.commit().unwrap();
    let mut blocks = 0;
    let each = &mut |_| {
        blocks += 1;
        std::ops::ControlFlow::Continue(())
    };
    file.nodes().block_entries(each).unwrap();
    assert_eq!(blocks, 1);
    let found = closed(file);
    assert_eq!((found.nodes.len(), found.leaked), (1, 0));
}
