//! What it costs to make a large store and to work on it: 100,000 contacts, 50,000 appointments, and mails copied from real files
//! until it has 1 GB.
//!
//!     cargo bench --bench pst_store -- [small] [FILE]
//!
//! The store is made as FILE, which must not exist and stays (the benchmark `pst_read` reads it); without a name it goes with the
//! folder for temporary files. With `small` a fiftieth of everything. Mails come from the folders of `ABGLEICH_PST_FILES`;
//! where there are none, they are invented. Making is set beside checksum and encoding of as many bytes; what of it
//! is the node database's is measured by `pst_write`.
//!
//! Items are invented, and mails copied, a hundred at a time, as a mailbox is handed them, while the clock stands still. Behind each
//! transaction come checksum and encoding of what it added, so that whatever slows the machine slows both.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark fails by panicking, and its figures are rounded anyway"
)]

#[path = "shared/plain.rs"]
mod plain;
#[path = "shared/cpu/thread.rs"]
mod thread;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

use abgleich::mapi::{FileTime, Properties, PropertyId, Value, named, property};
use abgleich::pst::id::Nid;
use abgleich::pst::messaging::Store;
use abgleich::pst::messaging::write::{
    Batch, ItemChange, Made, NewFolder, NewItem, NewStore, Role, create,
};
use abgleich::pst::ndb::write::{Settings, Writer};

/// 2026-11-22 12:00 UTC.
const NOW: FileTime = FileTime(134_397_504_000_000_000);
const HOUR: u64 = 36_000_000_000;
/// Items of a transaction.
const BATCH: u32 = 1_000;
/// Items that are there at the same time.
const PORTION: u32 = 100;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How much is made.
struct Amounts {
    contacts: u32,
    appointments: u32,
    /// Mails are added until the file is so long, in bytes.
    length: u64,
}

/// What making a store took so far, and checksum and encoding of as many bytes.
#[derive(Default)]
struct Clocks {
    making: Duration,
    bare: Duration,
    /// How many bytes that was done to.
    length: u64,
}

impl Clocks {
    fn making<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (time, result) = cpu(work);
        self.making += time;
        result
    }

    /// Does to what the file has grown by what the format asks for in any case.
    fn catch_up(&mut self, path: &Path) {
        let length = fs::metadata(path).expect("the file is there").len();
        self.bare += cpu(|| check_and_encode(length - self.length)).0;
        self.length = length;
    }
}

fn main() {
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let small = words.iter().any(|word| word == "small");
    let part: u32 = if small { 50 } else { 1 };
    let amounts = Amounts {
        contacts: 100_000 / part,
        appointments: 50_000 / part,
        length: (1 << 30) / u64::from(part),
    };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let named = words.iter().find(|word| *word != "small").map(PathBuf::from);
    let path = named.unwrap_or_else(|| folder.path().join("store.pst"));
    let mails = mails();
    println!("{} different mails", mails.len());

    let before = in_system();
    let mut clocks = Clocks::default();
    let (store, items) = make(&path, &amounts, &mails, &mut clocks);
    let system = before.zip(in_system()).map(|(before, after)| after - before);
    let Clocks { making: made, bare, length } = clocks;
    println!("{items} items, file of {length} bytes");
    println!("  making the store:        {:8.3} s of CPU", made.as_secs_f64());
    println!("  checksum and encoding:   {:8.3} s of CPU", bare.as_secs_f64());
    let ratio = made.as_secs_f64() / bare.as_secs_f64();
    println!("  ratio: {ratio:.2}");
    if let Some(system) = system {
        // The kernel tells this part in hundredths of a second.
        let share = system / bare.as_secs_f64();
        println!("  of which the system:     {system:8.2} s of CPU, {share:.2} in the same unit");
    }
    let (opened, mut file) =
        cpu(|| Writer::open(&path, &Settings::default(), &|_| Ok(false)).expect("it opens"));
    println!("  opening and checking it: {:8.3} s of CPU", opened.as_secs_f64());

    let contacts = store.role(Role::Contacts).expect("a folder for contacts");
    let first: Vec<Nid> = (0..10).map(|number| Nid(0x0020_0024 + 32 * number)).collect();
    let mut work = |what: &str, work: &dyn Fn(&mut Batch<'_>)| {
        let before = written();
        let (time, ()) = cpu(|| {
            let mut batch = Batch::begin(&mut file, NOW).expect("a batch begins");
            work(&mut batch);
            batch.commit().expect("the batch is committed");
        });
        let bytes = before.zip(written()).map(|(before, after)| after - before);
        let told = bytes.map_or("unknown".to_owned(), |bytes| bytes.to_string());
        println!("  {what} {:8.4} s of CPU, {told} bytes written", time.as_secs_f64());
        assert!(bytes.is_none_or(|bytes| bytes < 1 << 20), "ten items must not cost a megabyte");
        time
    };
    let added = work("adding ten contacts:     ", &|batch| {
        for number in 0..10 {
            batch.add_item(contacts, &contact(number)).expect("a contact is added");
        }
    });
    work("changing the first ten:  ", &|batch| {
        let mut change = ItemChange::default();
        change.set.set(property::SUBJECT, Value::String("something else".to_owned()));
        for nid in &first {
            batch.change_item(*nid, &change).expect("a contact is changed");
        }
    });
    work("deleting the first ten:  ", &|batch| {
        for nid in &first {
            batch.delete_item(*nid).expect("a contact is moved to Deleted Items");
        }
    });
    work("erasing them:            ", &|batch| {
        for nid in &first {
            batch.erase_item(*nid).expect("a contact is erased");
        }
    });
    file.close().expect("the file is closed");
    if let Some(peak) = peak() {
        println!("  peak memory:             {peak:8} KB");
        assert!(peak < 64 << 10, "memory must not grow with the file");
    }
    assert!(added < Duration::from_millis(100), "ten contacts must take under a tenth of a second");
}

/// Makes the store; returns its folders and how many items it has.
fn make(path: &Path, amounts: &Amounts, mails: &[NewItem], clocks: &mut Clocks) -> (Made, u32) {
    let store = NewStore::english("Large");
    let created = clocks.making(|| create(path, &store, &Settings::default()));
    let (mut file, made) = created.expect("a store is made");
    let mut items = 0;
    let mut add_all = |file: &mut Writer,
                       clocks: &mut Clocks,
                       folder: Nid,
                       count: u32,
                       invent: &dyn Fn(u32) -> NewItem| {
        for start in (0..count).step_by(usize::try_from(BATCH).unwrap_or(1)) {
            let mut batch = clocks.making(|| Batch::begin(file, NOW)).expect("a batch begins");
            let end = count.min(start + BATCH);
            for first in (start..end).step_by(usize::try_from(PORTION).unwrap_or(1)) {
                let portion: Vec<NewItem> = (first..end.min(first + PORTION)).map(invent).collect();
                clocks.making(|| {
                    for item in &portion {
                        batch.add_item(folder, item).expect("an item is added");
                    }
                });
            }
            clocks.making(|| batch.commit()).expect("the batch is committed");
            clocks.catch_up(path);
            items += end - start;
        }
    };
    let role = |role| made.role(role).expect("a folder of the store");
    add_all(&mut file, clocks, role(Role::Contacts), amounts.contacts, &contact);
    add_all(&mut file, clocks, role(Role::Calendar), amounts.appointments, &appointment);
    let inbox = clocks.making(|| {
        let mut batch = Batch::begin(&mut file, NOW).expect("a batch begins");
        let inbox = NewFolder::new("Mails", "IPF.Note");
        let inbox = batch.create_folder(made.top, &inbox).expect("a folder is made");
        batch.commit().expect("the batch is committed");
        inbox
    });
    let mail = |number: u32| {
        let place = usize::try_from(number).unwrap_or_default() % mails.len();
        mails.get(place).expect("there is a mail").clone()
    };
    while fs::metadata(path).expect("the file is there").len() < amounts.length {
        add_all(&mut file, clocks, inbox, BATCH, &mail);
    }
    clocks.making(|| file.close()).expect("the file is closed");
    clocks.catch_up(path);
    (made, items)
}

fn text(text: String) -> Value {
    Value::String(text)
}

/// An invented contact with forty properties.
fn contact(number: u32) -> NewItem {
    let mut all = Properties::new();
    let name = format!("Änne Müller-{number}");
    all.set(property::SUBJECT, text(name.clone()));
    all.set(property::DISPLAY_NAME, text(name));
    for tag in [
        property::GIVEN_NAME,
        property::SURNAME,
        property::MIDDLE_NAME,
        property::COMPANY_NAME,
        property::TITLE,
        property::DEPARTMENT_NAME,
        property::OFFICE_LOCATION,
        property::PROFESSION,
        property::MANAGER_NAME,
        property::ASSISTANT,
        property::SPOUSE_NAME,
        property::NICKNAME,
        property::HOME_STREET,
        property::HOME_CITY,
        property::HOME_POSTAL_CODE,
        property::HOME_COUNTRY,
        property::BUSINESS_HOME_PAGE,
    ] {
        all.set(tag, text(format!("{tag} Grünäcker {number}")));
    }
    for tag in [
        property::BUSINESS_PHONE,
        property::HOME_PHONE,
        property::MOBILE_PHONE,
        property::BUSINESS_FAX,
        property::ASSISTANT_PHONE,
    ] {
        all.set(tag, text(format!("+49 911 {number:07}")));
    }
    for key in [
        named::FILE_UNDER,
        named::EMAIL_1_DISPLAY,
        named::EMAIL_1_ADDRESS,
        named::EMAIL_1_ORIGINAL_DISPLAY,
        named::EMAIL_2_ADDRESS,
        named::WORK_STREET,
        named::WORK_CITY,
        named::WORK_POSTAL_CODE,
        named::WORK_COUNTRY,
        named::WORK_ADDRESS,
    ] {
        all.set(key, text(format!("{:04x}.{number}@firma.example", key.number)));
    }
    all.set(named::POSTAL_ADDRESS_ID, Value::Integer32(2));
    all.set(named::ADDRESS_BOOK_PROVIDER_EMAIL_LIST, Value::Integers32(vec![0, 1]));
    all.set(named::ADDRESS_BOOK_PROVIDER_ARRAY_TYPE, Value::Integer32(3));
    all.set(property::BIRTHDAY, Value::Time(FileTime(NOW.0 - u64::from(number) * HOUR)));
    all.set(property::BODY, text("Notes about somebody. ".repeat(20)));
    NewItem::of("IPM.Contact", all)
}

/// An invented appointment.
fn appointment(number: u32) -> NewItem {
    let start = NOW.0 + u64::from(number) * HOUR;
    let mut all = Properties::new();
    all.set(property::SUBJECT, text(format!("Appointment {number}")));
    all.set(property::BODY, text("What it is about. ".repeat(30)));
    all.set(named::LOCATION, text(format!("Room {number}")));
    all.set(named::ALL_DAY, Value::Boolean(false));
    all.set(named::BUSY_STATUS, Value::Integer32(2));
    for (key, time) in [
        (named::APPOINTMENT_START, start),
        (named::APPOINTMENT_END, start + HOUR),
        (named::COMMON_START, start),
        (named::COMMON_END, start + HOUR),
    ] {
        all.set(key, Value::Time(FileTime(time)));
    }
    NewItem::of("IPM.Appointment", all)
}

/// The mails of the real files, with all properties that stand by themselves; an invented one where there are none.
fn mails() -> Vec<NewItem> {
    let folders = env::var_os("ABGLEICH_PST_FILES").unwrap_or_default();
    let mut found = Vec::new();
    for path in env::split_paths(&folders).filter_map(|folder| fs::read_dir(folder).ok()).flatten()
    {
        let Ok(store) = Store::open(&path.expect("an entry of the folder").path()) else {
            continue;
        };
        let Ok(folders) = store.folders_below(Nid::ROOT_FOLDER) else { continue };
        for folder in folders {
            let Ok(items) = store.folder(folder.nid).and_then(|folder| folder.items()) else {
                continue;
            };
            for listed in items {
                let Ok(item) = store.item(listed.nid) else { continue };
                let (Ok(class), Ok(mut all)) = (item.class(), item.properties().properties())
                else {
                    continue;
                };
                // What the file that they come from says about their attachments is not copied.
                all.remove(property::MESSAGE_FLAGS);
                all.remove(PropertyId(0x0E20));
                if class == "IPM.Note" {
                    found.push(NewItem::of(&class, all));
                }
            }
        }
    }
    if found.is_empty() {
        let mut all = Properties::new();
        all.set(property::SUBJECT, text("RE: An invented mail".to_owned()));
        all.set(property::BODY, text("What somebody wrote.\r\n".repeat(700)));
        found.push(NewItem::of("IPM.Note", all));
    }
    found
}

/// Does to so many bytes what the format asks for in any case.
fn check_and_encode(length: u64) {
    let content: Vec<u8> = (0..8176_u32).map(|at| (at % 249).to_le_bytes()[0]).collect();
    let mut block = content.clone();
    for _ in 0..length / 8192 {
        black_box(plain::encode_and_check(black_box(&content), &mut block));
    }
}

/// Returns the CPU time of a function with what it returned; where the system does not tell, the time that passed.
fn cpu<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let (start, before) = (Instant::now(), thread::on_cpu());
    let result = run();
    let time = match (before, thread::on_cpu()) {
        (Some(before), Some(after)) => Duration::from_nanos(after - before),
        _ => start.elapsed(),
    };
    (time, result)
}

/// Seconds that this thread spent in the system, as Linux counts them.
fn in_system() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/stat").ok()?;
    // The name, which may hold anything, ends with the last parenthesis; twelve fields stand between it and `stime`.
    let ticks = text.rsplit(')').next()?.split_whitespace().nth(12)?;
    Some(ticks.parse::<f64>().ok()? / 100.0)
}

/// Bytes that this process passed to the system for writing, as Linux counts them.
fn written() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/io").ok()?;
    text.lines().find_map(|line| line.strip_prefix("wchar: "))?.parse().ok()
}

/// The most memory that this process had, in KB, as Linux counts it.
fn peak() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
