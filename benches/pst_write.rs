//! What it costs to write a PST file: making one beside what cannot be saved, the checksum and the encoding of the same bytes;
//! opening and checking one; adding a few items to it.
//!
//! `cargo bench --bench pst_write` makes a file of 1 GB in the folder for temporary files (`TMPDIR`); with `-- small` 50 MB.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark fails by panicking, and its figures are rounded anyway"
)]

#[path = "shared/plain.rs"]
mod plain;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use abgleich::pst::id::{Nid, NidKind};
use abgleich::pst::ndb::node::Node;
use abgleich::pst::ndb::write::{NewFile, Settings, Writer};

/// Lengths of items as they occur: contacts and appointments, and now and then a mail with something attached.
const LENGTHS: [usize; 20] = [
    1400, 1800, 2200, 1200, 3100, 900, 2700, 1600, 4200, 1300, 2000, 6400, 1500, 1100, 2500, 1700,
    30_000, 1900, 8176, 120_000,
];
/// Items in a transaction.
const BATCH: usize = 1000;

fn main() {
    let small = std::env::args().any(|argument| argument == "small");
    let wanted = if small { 50 << 20 } else { 1 << 30 };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("made.pst");
    let content: Vec<u8> = (0..120_000_u32).map(|at| (at % 249).to_le_bytes()[0]).collect();
    let (made, (bytes, items)) = cpu(|| make(&path, &content, wanted));
    let (bare, ()) = cpu(|| check_and_encode(&content, items));
    println!("{items} items, {bytes} bytes of data, file of {} bytes", length(&path));
    println!("  making the file:         {:8.3} s of CPU", made.as_secs_f64());
    println!("  checksum and encoding:   {:8.3} s of CPU", bare.as_secs_f64());
    let ratio = made.as_secs_f64() / bare.as_secs_f64();
    println!("  ratio: {ratio:.2}");
    let (opened, mut file) = cpu(|| open(&path));
    println!("  opening and checking it: {:8.3} s of CPU", opened.as_secs_f64());
    let before = written();
    let (added, ()) = cpu(|| add(&mut file, &content, items));
    println!("  adding ten items:        {:8.4} s of CPU", added.as_secs_f64());
    if let (Some(before), Some(after)) = (before, written()) {
        println!("  written for them:        {:8} bytes", after - before);
        assert!(after - before < 1 << 20, "ten items must not cost a megabyte");
    }
    if let Some(peak) = peak() {
        println!("  peak memory:             {peak:8} KB");
        assert!(peak < 64 << 10, "memory must not grow with the file");
    }
    assert!(ratio < 3.0, "making a file must cost less than three times what cannot be saved");
}

/// Makes a file with items until their data are as many bytes as wanted; returns the bytes and the items.
fn make(path: &Path, content: &[u8], wanted: usize) -> (usize, usize) {
    let mut file = NewFile::begin(path, &Settings::default()).expect("a file can be made");
    let (mut bytes, mut items) = (0, 0);
    while bytes < wanted {
        let mut batch = file.change().expect("a batch begins");
        let empty = batch.put_data(&[0; 60]).expect("a block is written");
        let below = Node { nid: Nid::RECIPIENTS, data: empty, sub: None, parent: Nid(0) };
        let sub = batch.put_subnodes(&[below]).expect("a list is written");
        for _ in 0..BATCH {
            let item = item(content, items);
            let data = batch.put_data(item).expect("an item is written");
            let nid = batch.next_nid(NidKind::MESSAGE).expect("there are ids");
            let node = Node { nid, data, sub, parent: Nid::ROOT_FOLDER };
            batch.set_node(node).expect("a node is added");
            (bytes, items) = (bytes + item.len(), items + 1);
        }
        batch.commit().expect("the batch is committed");
    }
    file.finish().expect("the file gets its name").close().expect("it is closed");
    (bytes, items)
}

/// The data of an item.
fn item(content: &[u8], number: usize) -> &[u8] {
    let length = LENGTHS.get(number % LENGTHS.len()).copied().unwrap_or_default();
    content.get(..length).unwrap_or_default()
}

/// Does to the same bytes what the format asks for in any case.
fn check_and_encode(content: &[u8], items: usize) {
    let mut block = Vec::new();
    for number in 0..items {
        for bytes in item(content, number).chunks(8176) {
            block.resize(bytes.len(), 0);
            black_box(plain::encode_and_check(bytes, &mut block));
        }
    }
}

fn open(path: &Path) -> Writer {
    Writer::open(path, &Settings::default(), &|_| Ok(false)).expect("the file can be opened")
}

fn add(file: &mut Writer, content: &[u8], first: usize) {
    let mut batch = file.begin().expect("a batch begins");
    for number in first..first + 10 {
        let data = batch.put_data(item(content, number % 10)).expect("an item is written");
        let nid = batch.next_nid(NidKind::MESSAGE).expect("there are ids");
        let node = Node { nid, data, sub: None, parent: Nid::ROOT_FOLDER };
        batch.set_node(node).expect("a node is added");
    }
    batch.commit().expect("the batch is committed");
}

fn length(path: &Path) -> u64 {
    path.metadata().expect("the file is there").len()
}

/// Returns the CPU time of a function with what it returned; where the system does not tell, the time that passed.
fn cpu<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let (start, before) = (Instant::now(), on_cpu());
    let result = run();
    let time = match (before, on_cpu()) {
        (Some(before), Some(after)) => Duration::from_nanos(after - before),
        _ => start.elapsed(),
    };
    (time, result)
}

/// Nanoseconds that this thread ran, as Linux counts them, the kernel's part included.
fn on_cpu() -> Option<u64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// Bytes that this process passed to the system for writing, as Linux counts them.
fn written() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/io").ok()?;
    text.lines().find_map(|line| line.strip_prefix("wchar: "))?.parse().ok()
}

/// The most memory that this process had, in KB, as Linux counts it.
fn peak() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}
