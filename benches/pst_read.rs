//! How fast a PST file is read, against the crate outlook-pst by Microsoft over the same file.
//!
//!     cargo bench --bench pst_read -- FILE [TURNS]
//!
//! Without a file: the largest PST in the folders of `ABGLEICH_PST_FILES` that both can read. Three things are measured: opening
//! the file and walking both trees, listing every folder from its contents table, and reading every property of every contact,
//! appointment and task. Both readers take turns, and the median of the ratios of all turns counts. The peak of memory is taken
//! before the other reader begins.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    reason = "a benchmark fails by panicking, and its figures are rounded anyway"
)]

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;
use std::{env, fs};

use abgleich::mapi::PropertyType;
use abgleich::pst::ltp::PropertyContext;
use abgleich::pst::messaging::{Below, Store};
use abgleich::pst::ndb::{Ndb, Nodes};
use abgleich::pst::{Medium, Nid, NidKind, PstError};
use outlook_pst::messaging::store::Store as TheirStore;
use outlook_pst::ndb::node_id::NodeId;

/// Classes of what is read item by item.
const KINDS: [&str; 3] = ["IPM.Contact", "IPM.Appointment", "IPM.Task"];

fn main() {
    // Cargo passes words of its own, which all begin with a dash.
    let mut words = env::args().skip(1).filter(|word| !word.starts_with('-'));
    let Some(file) = words.next().map(PathBuf::from).or_else(largest) else {
        println!("SKIPPED: there is no PST file (name one, or set ABGLEICH_PST_FILES)");
        return;
    };
    let turns: usize = words.next().and_then(|word| word.parse().ok()).unwrap_or(5);
    let size = fs::metadata(&file).expect("a file").len();
    let tally = read(&file).expect("our reader");
    let listed = list(&file).expect("our reader");
    println!("{}: {:.1} MB", file.display(), size as f64 / 1e6);
    println!("{listed} items, of which {} are read with {} values", tally.items, tally.values);
    match peak() {
        Some(peak) => println!("peak memory: {:.1} MiB (under 64 are asked for)", peak / 1024.0),
        None => println!("peak memory: not measured, there is no /proc here"),
    }
    let (mut opens, mut lists, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    let (mut theirs, mut faster, mut share) = (Vec::new(), Vec::new(), Vec::new());
    let mut count = (0, 0);
    for _ in 0..turns {
        let start = Instant::now();
        black_box(walk(&file).expect("our reader"));
        opens.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        black_box(list(&file).expect("our reader"));
        let listing = start.elapsed().as_secs_f64();
        let start = Instant::now();
        black_box(read(&file).expect("our reader"));
        let reading = start.elapsed().as_secs_f64();
        let start = Instant::now();
        count = black_box(outlook_pst_reads(&file));
        let their_reading = start.elapsed().as_secs_f64();
        lists.push(listing);
        reads.push(reading);
        theirs.push(their_reading);
        faster.push(their_reading / reading);
        share.push(listing / reading);
    }
    println!("outlook-pst: {} items with {} values", count.0, count.1);
    let [opens, lists, reads, theirs] =
        [&mut opens, &mut lists, &mut reads, &mut theirs].map(|f| median(f));
    println!("open and walk both trees: {:9.1} ms", opens * 1e3);
    println!("list all folders:         {:9.1} ms", lists * 1e3);
    println!(
        "read all properties:      {:9.1} ms, {:.0} items/s",
        reads * 1e3,
        tally.items as f64 / reads
    );
    println!("the same by outlook-pst:  {:9.1} ms", theirs * 1e3);
    println!("reading: {:.1} times as fast (at least 2 is asked for)", median(&mut faster));
    println!("listing takes {:.3} of reading (under 0.167 is asked for)", median(&mut share));
}

fn median(figures: &mut [f64]) -> f64 {
    let middle = figures.len() / 2;
    *figures.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// The most memory that this process had, in KiB.
fn peak() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

fn largest() -> Option<PathBuf> {
    let folders = env::var_os("ABGLEICH_PST_FILES")?;
    let files = env::split_paths(&folders).filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    files
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "pst"))
        .max_by_key(|path| fs::metadata(path).map_or(0, |about| about.len()))
}

/// What was read.
#[derive(Default)]
struct Tally {
    items: usize,
    values: usize,
}

/// Opens the file and walks both trees, page by page.
fn walk(file: &Path) -> Result<u64, PstError> {
    let ndb = Ndb::open(Medium::from(fs::File::open(file).expect("a file")))?;
    let mut seen = 0_u64;
    ndb.nodes(Nid(0), &mut |_| {
        seen += 1;
        ControlFlow::Continue(())
    })?;
    ndb.block_entries(&mut |_| {
        seen += 1;
        ControlFlow::Continue(())
    })?;
    Ok(seen)
}

fn folders(store: &Store<Ndb>) -> Result<Vec<Nid>, PstError> {
    let all = store.folders_below(Nid::ROOT_FOLDER)?.into_iter().map(Below::whole);
    let all = all.collect::<Result<Vec<_>, _>>()?.into_iter().map(|(_, nid)| nid);
    Ok(all.filter(|nid| nid.kind() == NidKind::FOLDER).collect())
}

/// Lists every folder from its contents table: id, row version, class, change and size of each item.
fn list(file: &Path) -> Result<usize, PstError> {
    let store = Store::open(file)?;
    let mut count = 0;
    for nid in folders(&store)? {
        store.folder(nid)?.each_item(&mut |item| {
            black_box(&item);
            count += 1;
        })?;
    }
    Ok(count)
}

fn read(file: &Path) -> Result<Tally, PstError> {
    let store = Store::open(file)?;
    let mut tally = Tally::default();
    for nid in folders(&store)? {
        let mut items = Vec::new();
        store.folder(nid)?.each_item(&mut |item| {
            let class = item.class.as_deref().unwrap_or_default();
            if KINDS.iter().any(|kind| class.starts_with(kind)) {
                items.push(item.nid);
            }
        })?;
        for nid in items {
            let Some(node) = store.nodes().node(nid)? else { continue };
            let context = PropertyContext::open(store.nodes(), &node)?;
            tally.items += 1;
            for property in context.properties() {
                if property.kind != PropertyType::OBJECT {
                    black_box(context.value_of(property)?);
                    tally.values += 1;
                }
            }
        }
    }
    Ok(tally)
}

/// The same with the other crate; what it cannot read it leaves out.
fn outlook_pst_reads(file: &Path) -> (usize, usize) {
    let store = outlook_pst::open_store(file).expect("outlook-pst reads the file");
    let mut count = (0, 0);
    their_folder(&store, 0x122, &mut count);
    count
}

fn their_folder(store: &Rc<dyn TheirStore>, nid: u32, count: &mut (usize, usize)) {
    let entry = |nid: u32| store.properties().make_entry_id(NodeId::from(nid)).expect("an id");
    let Ok(folder) = store.open_folder(&entry(nid)) else { return };
    let ids = |table: &Rc<dyn outlook_pst::ltp::table_context::TableContext>| -> Vec<u32> {
        table.rows_matrix().map(|row| u32::from(row.id())).collect()
    };
    for row in folder.contents_table().map(ids).unwrap_or_default() {
        let Ok(message) = Rc::clone(store).open_message(&entry(row), None) else { continue };
        let class = message.properties().message_class().unwrap_or_default();
        if KINDS.iter().any(|kind| class.starts_with(kind)) {
            count.0 += 1;
            count.1 += message.properties().iter().map(black_box).count();
        }
    }
    for below in folder.hierarchy_table().map(ids).unwrap_or_default() {
        if below & 0x1F == 2 {
            their_folder(store, below, count);
        }
    }
}
