//! Entry ids and object ids: how items, folders and people are pointed at (pure). MS-OXCDATA 2.2, MS-OXOCAL 2.2.1.27.

use super::blob::{BlobError, BlobFault, Fields, utf16};
use super::value::FileTime;

/// Somebody who is in no address book (`OneOffEntryID`, MS-OXCDATA 2.2.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOff {
    /// The name that is shown.
    pub name: String,
    /// The kind of address, such as `SMTP`.
    pub kind: String,
    /// The address.
    pub address: String,
    /// What is to be sent there, and in which form.
    pub flags: u16,
}

const ONE_OFF: [u8; 16] = [
    0x81, 0x2B, 0x1F, 0xA4, 0xBE, 0xA3, 0x10, 0x19, 0x9D, 0x6E, 0x00, 0xDD, 0x01, 0x0F, 0x54, 0x02,
];

/// The texts are UTF-16.
const UNICODE: u16 = 0x8000;
/// Nothing but plain text and HTML is to be sent there.
const NO_RICH_TEXT: u16 = 0x0001;

impl OneOff {
    /// Makes an entry for an Internet address.
    pub fn smtp(name: &str, address: &str) -> Self {
        let [name, kind, address] = [name, "SMTP", address].map(str::to_owned);
        Self { name, kind, address, flags: UNICODE | NO_RICH_TEXT }
    }

    /// Returns the binary form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![0; 4];
        out.extend(ONE_OFF);
        out.extend([0, 0]);
        out.extend((UNICODE | self.flags).to_le_bytes());
        for text in [&self.name, &self.kind, &self.address] {
            out.extend(utf16(text));
            out.extend([0, 0]);
        }
        out
    }

    /// Reads an entry id; `None` where it points at something else.
    ///
    /// # Errors
    ///
    /// The field that cannot be, and where it stands.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, BlobError> {
        let mut fields = Fields::new("OneOffEntryID", bytes);
        fields.word("Flags")?;
        if fields.array::<16>("ProviderUID")? != ONE_OFF {
            return Ok(None);
        }
        fields.half("Version")?;
        let flags = fields.half("Flags")?;
        let unicode = flags & UNICODE != 0;
        let mut texts = [const { String::new() }; 3];
        for (text, field) in texts.iter_mut().zip(["DisplayName", "AddressType", "EmailAddress"]) {
            *text = if unicode { wide(&mut fields, field)? } else { narrow(&mut fields, field)? };
        }
        let [name, kind, address] = texts;
        Ok(Some(Self { name, kind, address, flags }))
    }
}

fn wide(fields: &mut Fields<'_>, field: &'static str) -> Result<String, BlobError> {
    let at = fields.clone();
    let mut units = Vec::new();
    loop {
        match fields.half(field)? {
            0 => break,
            unit => units.push(unit),
        }
    }
    String::from_utf16(&units).map_err(|_| at.fault(field, BlobFault::Text))
}

/// The code page is not told; addresses are ASCII, and Latin 1 contains it.
fn narrow(fields: &mut Fields<'_>, field: &'static str) -> Result<String, BlobError> {
    let mut text = String::new();
    loop {
        match fields.byte(field)? {
            0 => return Ok(text),
            byte => text.push(char::from(byte)),
        }
    }
}

/// An object of a PST file (MS-PST 2.4.3.2): the store and the node in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreEntry {
    /// The store's `PidTagRecordKey`.
    pub store: [u8; 16],
    /// The node.
    pub node: u32,
}

impl StoreEntry {
    /// Returns the 24 bytes.
    pub fn to_bytes(self) -> [u8; 24] {
        let mut out = [0; 24];
        let (_, rest) = out.split_at_mut(4);
        let (store, node) = rest.split_at_mut(16);
        store.copy_from_slice(&self.store);
        node.copy_from_slice(&self.node.to_le_bytes());
        out
    }

    /// Reads the 24 bytes.
    ///
    /// # Errors
    ///
    /// A length other than 24.
    pub fn parse(bytes: &[u8]) -> Result<Self, BlobError> {
        let mut fields = Fields::new("EntryID", bytes);
        fields.word("rgbFlags")?;
        let entry = Self { store: fields.array("uid")?, node: fields.word("nid")? };
        fields.end("nid")?;
        Ok(entry)
    }
}

/// Makes what tells an appointment from all others, from a moment and sixteen random bytes (`PidLidGlobalObjectId`,
/// `PidLidCleanGlobalObjectId`; MS-OXOCAL 2.2.1.27).
pub fn global_object_id(created: FileTime, random: [u8; 16]) -> [u8; 56] {
    const SIGNATURE: [u8; 16] = [
        0x04, 0x00, 0x00, 0x00, 0x82, 0x00, 0xE0, 0x00, 0x74, 0xC5, 0xB7, 0x10, 0x1A, 0x82, 0xE0,
        0x08,
    ];
    let mut out = [0; 56];
    let size = 16_u32.to_le_bytes();
    for (place, part) in
        [(0, &SIGNATURE[..]), (20, &created.0.to_le_bytes()), (36, &size), (40, &random)]
    {
        for (byte, value) in out.iter_mut().skip(place).zip(part) {
            *byte = *value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{OneOff, StoreEntry, global_object_id};
    use crate::mapi::value::FileTime;

    /// Offsets by MS-OXCDATA 2.2.5.1.
    #[test]
    fn somebody_outside_the_address_book_is_written_in_full() {
        let entry = OneOff::smtp("Jörg", "j@b.de");
        let bytes = entry.to_bytes();
        assert_eq!(bytes[4..8], [0x81, 0x2B, 0x1F, 0xA4]);
        assert_eq!(bytes[20..24], [0, 0, 1, 0x80]);
        assert_eq!(bytes[24..34], *b"J\0\xF6\0r\0g\0\0\0");
        assert_eq!(bytes.len(), 24 + 10 + 10 + 14);
        assert_eq!(OneOff::parse(&bytes), Ok(Some(entry)));
        for length in 0..bytes.len() {
            assert!(OneOff::parse(&bytes[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn an_entry_of_an_address_book_is_not_taken_for_one() {
        assert_eq!(OneOff::parse(&[0; 24]), Ok(None));
    }

    #[test]
    fn an_entry_of_a_store_has_24_bytes() {
        let entry = StoreEntry { store: [7; 16], node: 0x8022 };
        let bytes = entry.to_bytes();
        assert_eq!(bytes[..4], [0; 4]);
        assert_eq!(bytes[20..], [0x22, 0x80, 0, 0]);
        assert_eq!(StoreEntry::parse(&bytes), Ok(entry));
        assert!(StoreEntry::parse(&bytes[..23]).is_err());
    }

    /// Offsets by MS-OXOCAL 2.2.1.27: signature 16, date 4, creation 8, zeros 8, size 4, data 16.
    #[test]
    fn an_appointments_own_id_has_its_parts_in_their_places() {
        let id = global_object_id(FileTime(0x0102), [9; 16]);
        assert_eq!(id[..4], [4, 0, 0, 0]);
        assert_eq!(id[12..20], [0x1A, 0x82, 0xE0, 0x08, 0, 0, 0, 0]);
        assert_eq!(id[20..28], [2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(id[28..40], [0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0]);
        assert_eq!(id[40..], [9; 16]);
    }
}
