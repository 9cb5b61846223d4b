//! The code pages of DOS, which Windows calls OEM (pure). `encoding_rs` has those of the web alone, and 866 is the only one of
//! these among them. Each is ASCII below 128; here is what stands above.

/// The United States.
const PAGE_437: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// Western Europe.
const PAGE_850: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
    └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

/// Central Europe.
const PAGE_852: &str = "\
    ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐\
    └┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}";

/// Returns the 128 characters above ASCII of a code page.
pub(super) fn upper(page: u32) -> Option<&'static str> {
    match page {
        437 => Some(PAGE_437),
        850 => Some(PAGE_850),
        852 => Some(PAGE_852),
        _ => None,
    }
}

/// Reads text, given what its code page has above ASCII.
pub(super) fn decode(bytes: &[u8], upper: &str) -> String {
    let upper: Vec<char> = upper.chars().collect();
    let letter = |byte: &u8| match byte.checked_sub(0x80) {
        None => char::from(*byte),
        Some(place) => {
            upper.get(usize::from(place)).copied().unwrap_or(char::REPLACEMENT_CHARACTER)
        }
    };
    bytes.iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::{decode, upper};

    /// Sixteen characters a line, as Python's codecs have them: `fixtures/pst/code-pages.txt`.
    #[test]
    fn every_character_is_that_of_the_code_page() {
        let fixture = include_str!("../../../../fixtures/pst/code-pages.txt");
        let lines = fixture.lines().filter(|line| !line.starts_with('#'));
        let mut seen = 0;
        for line in lines {
            let (place, expected) = line.split_once(": ").unwrap();
            let (page, first) = place.split_once(' ').unwrap();
            let first = u8::from_str_radix(first, 16).unwrap();
            let bytes: Vec<u8> = (first..=first + 15).collect();
            let expected: String = expected
                .split(' ')
                .map(|point| char::from_u32(u32::from_str_radix(point, 16).unwrap()).unwrap())
                .collect();
            assert_eq!(decode(&bytes, upper(page.parse().unwrap()).unwrap()), expected, "{place}");
            seen += 1;
        }
        assert_eq!(seen, 3 * 16);
    }
}
