//! Character references of HTML (pure). HTML 4.01, 24; HTML Living Standard, 13.2.5.80.

use crate::pst::messaging::code_page::CodePage;

/// Reads a character reference behind its `&`, and what follows it.
pub(super) fn read(text: &str) -> Option<(char, &str)> {
    let end = text.char_indices().take(12).find(|(_, c)| *c == ';').map(|(at, _)| at)?;
    let (name, rest) = text.split_at(end);
    let rest = rest.strip_prefix(';')?;
    let character = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => named(name)?,
    };
    Some((character, rest))
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    match u8::try_from(code) {
        // Who wrote these meant Windows; the standard reads them so, and where Windows has nothing either they stay.
        Ok(byte @ 0x80..=0x9F) => CodePage::WESTERN.decode(&[byte]).chars().next(),
        _ => char::from_u32(code),
    }
}

fn named(name: &str) -> Option<char> {
    NAMED.iter().find_map(|(first, names)| {
        let at = names.split(' ').position(|known| known == name)?;
        char::from_u32(first + u32::try_from(at).ok()?)
    })
}

/// All names of HTML 4.01, and the `apos` of XML: a character, and the names of it and of those behind it.
const NAMED: [(u32, &str); 68] = [
    (0x22, "quot"),
    (0x26, "amp apos"),
    (0x3C, "lt"),
    (0x3E, "gt"),
    (
        0xA0,
        "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg \
         plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 \
         iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml \
         Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave \
         Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil \
         egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde \
         ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml",
    ),
    (0x152, "OElig oelig"),
    (0x160, "Scaron scaron"),
    (0x178, "Yuml"),
    (0x192, "fnof"),
    (0x2C6, "circ"),
    (0x2DC, "tilde"),
    (
        0x391,
        "Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho",
    ),
    (0x3A3, "Sigma Tau Upsilon Phi Chi Psi Omega"),
    (
        0x3B1,
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho \
         sigmaf sigma tau upsilon phi chi psi omega",
    ),
    (0x3D1, "thetasym upsih"),
    (0x3D6, "piv"),
    (0x2002, "ensp emsp"),
    (0x2009, "thinsp"),
    (0x200C, "zwnj zwj lrm rlm"),
    (0x2013, "ndash mdash"),
    (0x2018, "lsquo rsquo sbquo"),
    (0x201C, "ldquo rdquo bdquo"),
    (0x2020, "dagger Dagger bull"),
    (0x2026, "hellip"),
    (0x2030, "permil"),
    (0x2032, "prime Prime"),
    (0x2039, "lsaquo rsaquo"),
    (0x203E, "oline"),
    (0x2044, "frasl"),
    (0x20AC, "euro"),
    (0x2111, "image"),
    (0x2118, "weierp"),
    (0x211C, "real"),
    (0x2122, "trade"),
    (0x2135, "alefsym"),
    (0x2190, "larr uarr rarr darr harr"),
    (0x21B5, "crarr"),
    (0x21D0, "lArr uArr rArr dArr hArr"),
    (0x2200, "forall"),
    (0x2202, "part exist"),
    (0x2205, "empty"),
    (0x2207, "nabla isin notin"),
    (0x220B, "ni"),
    (0x220F, "prod"),
    (0x2211, "sum minus"),
    (0x2217, "lowast"),
    (0x221A, "radic"),
    (0x221D, "prop infin"),
    (0x2220, "ang"),
    (0x2227, "and or cap cup int"),
    (0x2234, "there4"),
    (0x223C, "sim"),
    (0x2245, "cong"),
    (0x2248, "asymp"),
    (0x2260, "ne equiv"),
    (0x2264, "le ge"),
    (0x2282, "sub sup nsub"),
    (0x2286, "sube supe"),
    (0x2295, "oplus"),
    (0x2297, "otimes"),
    (0x22A5, "perp"),
    (0x22C5, "sdot"),
    (0x2308, "lceil rceil lfloor rfloor"),
    (0x2329, "lang rang"),
    (0x25CA, "loz"),
    (0x2660, "spades"),
    (0x2663, "clubs"),
    (0x2665, "hearts diams"),
];

#[cfg(test)]
mod tests {
    use super::read;

    /// The expected text is what Python's `html.unescape` makes of it.
    #[test]
    fn references_are_the_characters_that_they_name() {
        for (reference, character) in [
            ("nbsp", '\u{A0}'),
            ("sect", '§'),
            ("deg", '°'),
            ("laquo", '«'),
            ("raquo", '»'),
            ("euml", 'ë'),
            ("iuml", 'ï'),
            ("icirc", 'î'),
            ("Eacute", 'É'),
            ("frac12", '½'),
            ("times", '×'),
            ("pound", '£'),
            ("yuml", 'ÿ'),
            ("apos", '\''),
            ("Scaron", 'Š'),
            ("scaron", 'š'),
            ("Rho", 'Ρ'),
            ("sigmaf", 'ς'),
            ("omega", 'ω'),
            ("euro", '€'),
            ("ndash", '–'),
            ("bdquo", '„'),
            ("hellip", '…'),
            ("rarr", '→'),
            ("diams", '♦'),
            ("#228", 'ä'),
            ("#x1F600", '😀'),
            ("#128", '€'),
            ("#x96", '–'),
            ("#159", 'Ÿ'),
        ] {
            assert_eq!(read(&format!("{reference}; x")), Some((character, " x")), "{reference}");
        }
        for unknown in ["", "#", "#x", "#x110000", "#xD800", "auml", "Xuml;"] {
            assert_eq!(read(unknown), None, "{unknown}");
        }
    }
}
