//! Code pages of texts that are not in Unicode (pure). Numbers are those of Windows.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, IBM866, ISO_2022_JP, KOI8_R, KOI8_U, MACINTOSH,
    SHIFT_JIS, UTF_8, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253,
    WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258,
};
use encoding_rs::{
    ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8,
    ISO_8859_10, ISO_8859_13, ISO_8859_14, ISO_8859_15, ISO_8859_16,
};

mod dos;

/// A code page, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodePage(pub u32);

impl CodePage {
    /// What texts are read with where nothing says which code page they are in.
    pub const WESTERN: Self = Self(1252);

    /// Reads text. What is no character becomes U+FFFD; a page that is not known here is read as Western.
    pub fn decode(self, bytes: &[u8]) -> String {
        if let Some(upper) = dos::upper(self.0) {
            return dos::decode(bytes, upper);
        }
        let encoding = self.encoding().unwrap_or(WINDOWS_1252);
        encoding.decode_without_bom_handling(bytes).0.into_owned()
    }

    /// Says whether texts in it can be read.
    pub fn is_known(self) -> bool {
        dos::upper(self.0).is_some() || self.encoding().is_some()
    }

    fn encoding(self) -> Option<&'static Encoding> {
        Some(match self.0 {
            // US-ASCII and Latin 1 are parts of Western, as browsers read them.
            1252 | 20127 | 28591 => WINDOWS_1252,
            866 => IBM866,
            874 => WINDOWS_874,
            932 => SHIFT_JIS,
            936 => GBK,
            949 | 51949 => EUC_KR,
            950 => BIG5,
            1250 => WINDOWS_1250,
            1251 => WINDOWS_1251,
            1253 => WINDOWS_1253,
            1254 | 28599 => WINDOWS_1254,
            1255 => WINDOWS_1255,
            1256 => WINDOWS_1256,
            1257 => WINDOWS_1257,
            1258 => WINDOWS_1258,
            10000 => MACINTOSH,
            20866 => KOI8_R,
            20932 | 51932 => EUC_JP,
            21866 => KOI8_U,
            28592 => ISO_8859_2,
            28593 => ISO_8859_3,
            28594 => ISO_8859_4,
            28595 => ISO_8859_5,
            28596 => ISO_8859_6,
            28597 => ISO_8859_7,
            28598 | 38598 => ISO_8859_8,
            28600 => ISO_8859_10,
            28603 => ISO_8859_13,
            28604 => ISO_8859_14,
            28605 => ISO_8859_15,
            28606 => ISO_8859_16,
            50220..=50222 => ISO_2022_JP,
            54936 => GB18030,
            65001 => UTF_8,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::CodePage;

    #[test]
    fn texts_are_read_in_their_code_page() {
        assert_eq!(CodePage::WESTERN.decode(b"M\xFCller \x80"), "Müller €");
        assert_eq!(CodePage(1251).decode(b"\xCF\xF0\xE8"), "При");
        assert_eq!(CodePage(932).decode(b"\x93\xFA\x96\x7B"), "日本");
        assert_eq!(CodePage(65001).decode("ä😀".as_bytes()), "ä😀");
        assert_eq!(CodePage(850).decode(b"M\x81ller"), "Müller");
        assert_eq!(CodePage(4711).decode(b"\xFC"), "ü");
        assert!(!CodePage(4711).is_known());
    }
}
