//! Cyclic encoding ("high encryption") in a file. Outlook makes none any more, and none is at hand, so real files are encoded anew by
//! what stands here: written from MS-PST 5.1 to 5.3 and sharing nothing with the product, the tables included. Ids and places stay;
//! data of blocks, their checksums and the header change.

use std::fs;

use abgleich::pst::check::check;
use abgleich::pst::crypt::Crypt;
use abgleich::pst::ndb::Header;

use crate::files::{files, name};
use crate::readers::{Reader, everybody, exported, listed};

/// `mpbbR` of MS-PST 5.1, in hexadecimal digits.
const R: &str = "\
    41361362a8216ebbf416cc047f64e85d1ef2cb2a74c55e35d295479e962d9a88\
    4c7d843fdbac31b6485ff6c4d8398be7233b388ec8c1df25b120a546604e9cfb\
    aad35651457c550007c92b9d859b09a08fadb30f63ab894bd7a7155a716642bf\
    264a6b98faea7753b270052cfd593a867ece06eb827857c78d43afb41cd45bcd\
    e2e9274fc3087280cfb0eff5286dbe304d3492d50e3c2232e5e4f99fc2d10a81\
    12e1ee918376e397e6618a1779a4b7dc907a5c8c02a6ca69de501a1193b95287\
    58fced1d37491b6ae0293399bd6cd994f340546ff0c673b8d63e6518441fdd67\
    10f10c19ecae03a1147ba90bfff8a3c0a201f72ebc2468750dfeba2fb5d0da3d";
/// `mpbbS`.
const S: &str = "\
    14530f56b3c87a9ceb65481716159f02cc547c83000d0c0ba262a876dbd9edc7\
    c5a4dcac8574d6d0a79bae9a967166c36399b8dd73928e847da55ed15d93b157\
    5150808952944f4e0a6bbc8d7f6e47464140440111cb033ff7f4e1a98f3c3af9\
    fbf0193082092ec99da08649ee6f4d6dc42d813425871b88aafc06a11238fd4c\
    4272641337246a757743ffe6b44b365ce4d8353d45b92cecb7312b290768a30e\
    697b189e2139be281a5b78f523ca2ab0af3efe048ce7e5983295d3f64ae8a6ea\
    e9f3d52f7020f21f0567ad5510cecde3273bdabad7c226d4911dd21c2233f8fa\
    f15aefcf90b68bb5bdc0bf08971e6ce261e0c6c159abbb58de5fdf60797eb28a";

/// Both files have a contact, and one of them is from before Unicode.
const FILES: [&str; 2] =
    ["HiraokaHyperTools__contacts.pst", "HiraokaHyperTools__contacts97-2002.pst"];

/// Where a variant of the format has what is needed here. MS-PST 2.2.2.
struct Form {
    /// Bytes of an id or an offset.
    word: usize,
    /// `bCryptMethod` in the header, and where the offset of the uppermost page of blocks stands.
    crypt: usize,
    root: usize,
    /// Where `cEnt` stands in a page; `cbEnt` and `cLevel` follow two and three bytes behind.
    count: usize,
    /// The trailer of a block, and its checksum.
    trailer: usize,
    crc: usize,
}

const UNICODE: Form = Form { word: 8, crypt: 513, root: 240, count: 488, trailer: 16, crc: 4 };
const ANSI: Form = Form { word: 4, crypt: 461, root: 196, count: 496, trailer: 12, crc: 8 };

struct Tables {
    r: [u8; 256],
    s: [u8; 256],
    /// The inverse of the first.
    i: [u8; 256],
}

impl Tables {
    fn new() -> Self {
        let table = |digits: &str| -> [u8; 256] {
            std::array::from_fn(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap())
        };
        let (r, s) = (table(R), table(S));
        let mut i = [0; 256];
        for byte in 0..=255_u8 {
            i[usize::from(r[usize::from(byte)])] = byte;
        }
        Self { r, s, i }
    }

    /// Decodes what is encoded by the first table alone. MS-PST 5.1.
    fn decode(&self, data: &mut [u8]) {
        for byte in data {
            *byte = self.i[usize::from(*byte)];
        }
    }

    /// Encodes or decodes with a key: the lower half of the block's id. MS-PST 5.2.
    fn cycle(&self, key: u32, data: &mut [u8]) {
        let mut word = (key ^ key >> 16) & 0xFFFF;
        for byte in data {
            let (low, high) = (word & 0xFF, word >> 8 & 0xFF);
            let look =
                |table: &[u8; 256], at: u32| u32::from(table[usize::try_from(at & 0xFF).unwrap()]);
            let mut b = u32::from(*byte);
            b = look(&self.r, b + low);
            b = look(&self.s, b + high);
            b = look(&self.i, b.wrapping_sub(high));
            *byte = u8::try_from(b.wrapping_sub(low) & 0xFF).unwrap();
            word = (word + 1) & 0xFFFF;
        }
    }
}

/// MS-PST 5.3, bit by bit.
fn crc(bytes: &[u8]) -> [u8; 4] {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ ((crc & 1) * 0xEDB8_8320))
    };
    bytes.iter().fold(0, step).to_le_bytes()
}

fn word(file: &[u8], at: usize, size: usize) -> u64 {
    file[at..at + size].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn place(file: &[u8], at: usize, size: usize) -> usize {
    usize::try_from(word(file, at, size)).unwrap()
}

/// Lists id, offset and length of the blocks below a page.
fn blocks(file: &[u8], form: &Form, page: usize, found: &mut Vec<(u64, usize, usize)>) {
    let head = page + form.count;
    let (count, size, level) = (file[head], usize::from(file[head + 2]), file[head + 3]);
    for entry in (page..).step_by(size).take(count.into()) {
        let at = place(file, entry + form.word * if level == 0 { 1 } else { 2 }, form.word);
        if level > 0 {
            blocks(file, form, at, found);
        } else {
            let bid = word(file, entry, form.word);
            found.push((bid, at, place(file, entry + 2 * form.word, 2)));
        }
    }
}

/// Encodes all blocks of data of a permuted file anew, and returns how many.
fn encode_anew(file: &mut [u8]) -> usize {
    let form = if file[10] < 20 { ANSI } else { UNICODE };
    assert_eq!(file[form.crypt], 1, "the file is permuted");
    let tables = Tables::new();
    let mut all = Vec::new();
    blocks(file, &form, place(file, form.root, form.word), &mut all);
    // Lists are never encoded.
    all.retain(|(bid, ..)| bid & 2 == 0);
    for (bid, at, length) in &all {
        let data = &mut file[*at..at + length];
        tables.decode(data);
        tables.cycle(u32::try_from(bid & 0xFFFF_FFFF).unwrap(), data);
        let crc = crc(data);
        let trailer = at + (length + form.trailer).next_multiple_of(64) - form.trailer;
        file[trailer + form.crc..][..4].copy_from_slice(&crc);
    }
    file[form.crypt] = 2;
    let partial = crc(&file[8..479]);
    file[4..8].copy_from_slice(&partial);
    if form.word == 8 {
        let full = crc(&file[8..524]);
        file[524..528].copy_from_slice(&full);
    }
    all.len()
}

/// The test vectors of the encodings: computed by the published algorithm.
#[test]
fn the_maker_of_cyclic_files_encodes_as_published() {
    let tables = Tables::new();
    let mut text = *b"IPM.Contact";
    tables.cycle(0x1234_5678, &mut text);
    assert_eq!(text, [0xAD, 0xFC, 0xE0, 0xC7, 0xC0, 0x33, 0x32, 0x55, 0x95, 0x0E, 0x86]);
    tables.cycle(0x1234_5678, &mut text);
    assert_eq!(text, *b"IPM.Contact");
    let mut permuted = [0xC9, 0x8F, 0x9B, 0x8B, 0x51, 0x86, 0x3A, 0x82, 0x4A, 0x98, 0x82];
    tables.decode(&mut permuted);
    assert_eq!(permuted, *b"IPM.Contact");
    assert_eq!(crc(b"123456789"), 0x2DFD_2D88_u32.to_le_bytes());
}

/// What pst-extractor 1.12 says of every such file; libpff, libpst and outlook-pst read them.
const CANNOT: &str = "PSTFile::open PST is encrypted";

/// Issue 4, point 1: cyclic encoding. What everybody reads is what they read before; which of them cannot is told by name.
#[test]
fn a_cyclic_file_is_read_like_the_permuted_one_by_everybody_who_can() {
    let folder = tempfile::tempdir().unwrap();
    for original in files().iter().filter(|path| FILES.contains(&name(path))) {
        let mut bytes = fs::read(original).unwrap();
        assert!(encode_anew(&mut bytes) > 20);
        assert_eq!(Header::parse(&bytes).unwrap().crypt, Crypt::Cyclic);
        let path = folder.path().join(name(original));
        fs::write(&path, bytes).unwrap();
        assert_eq!(check(&path).unwrap().findings(), check(original).unwrap().findings());
        let (before, after) = (everybody(original), everybody(&path));
        assert!(!after[&Reader::Ours].items.is_empty());
        for (reader, after) in &after {
            println!("{}: {reader:?}, {} items", name(original), after.items.len());
            if *reader == Reader::Extractor {
                assert_eq!(after.errors, [(None, CANNOT.to_owned())]);
                continue;
            }
            let same = format!("{:?}", before[reader]) == format!("{after:?}");
            assert!(
                same,
                "{}: {reader:?} reads something else: {:?}",
                name(original),
                after.errors
            );
        }
        assert!(exported(original) == exported(&path), "pffexport");
        assert!(listed(original) == listed(&path), "readpst");
    }
}
