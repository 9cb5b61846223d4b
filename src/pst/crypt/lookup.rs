//! What a table of 256 makes of many bytes at once (pure).
//!
//! A processor with AVX2 looks 32 bytes up in a table of 16 with one instruction. The table of 256 is 16 such ones: each byte is looked
//! up in them by its lower four bits, and the upper four bits choose. Text rarely has bytes of 0x80 or more, and without any
//! half of the work is enough. That takes a fifth of the time of one byte after the other, as other processors do it.

/// Puts what a table makes of bytes into other memory of the same length.
pub(super) fn look_up(table: &[u8; 256], data: &[u8], to: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = fearless_simd::Level::new().as_avx2() {
        let (rows, rest) = data.as_chunks();
        let (places, places_of_rest) = to.as_chunks_mut();
        x86::look_up_rows(avx2, table, rows, places);
        return one_by_one(table, rest, places_of_rest);
    }
    one_by_one(table, data, to);
}

fn one_by_one(table: &[u8; 256], data: &[u8], to: &mut [u8]) {
    to.iter_mut().zip(data).for_each(|(to, byte)| *to = super::at(table, *byte));
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, _mm256_and_si256, _mm256_blendv_epi8, _mm256_movemask_epi8, _mm256_set1_epi8,
        _mm256_shuffle_epi8, _mm256_slli_epi16,
    };

    use fearless_simd::x86::Avx2;
    use fearless_simd::{SimdBase, SimdInto, kernel, u8x16, u8x32};

    kernel!(
        pub(super) fn look_up_rows(
            avx2: Avx2,
            table: &[u8; 256],
            rows: &[[u8; 32]],
            places: &mut [[u8; 32]],
        ) {
            let mut sixteens = [_mm256_set1_epi8(0); 16];
            for (sixteen, bytes) in sixteens.iter_mut().zip(table.as_chunks().0) {
                let block: u8x16<Avx2> = u8x16::load_array_ref(avx2, bytes);
                *sixteen = u8x32::block_splat(block).into();
            }
            let [t0, t1, t2, t3, t4, t5, t6, t7, upper @ ..] = sixteens;
            let lower = [t0, t1, t2, t3, t4, t5, t6, t7];
            for (place, row) in places.iter_mut().zip(rows) {
                let bytes: __m256i = u8x32::load_array_ref(avx2, row).into();
                let mut found = among_eight(avx2, lower, bytes);
                if _mm256_movemask_epi8(bytes) != 0 {
                    found = _mm256_blendv_epi8(found, among_eight(avx2, upper, bytes), bytes);
                }
                let found: u8x32<Avx2> = found.simd_into(avx2);
                found.store_array(place);
            }
        }
    );

    kernel!(
        /// Looks bytes up in eight tables of 16: bits 4 to 6 tell which. A choice goes by the highest bit of each byte.
        #[inline(always)]
        fn among_eight(avx2: Avx2, sixteens: [__m256i; 8], bytes: __m256i) -> __m256i {
            let places = _mm256_and_si256(bytes, _mm256_set1_epi8(0x0F));
            let [a, b, c, d, e, f, g, h] = sixteens;
            let (a, b) = (_mm256_shuffle_epi8(a, places), _mm256_shuffle_epi8(b, places));
            let (c, d) = (_mm256_shuffle_epi8(c, places), _mm256_shuffle_epi8(d, places));
            let (e, f) = (_mm256_shuffle_epi8(e, places), _mm256_shuffle_epi8(f, places));
            let (g, h) = (_mm256_shuffle_epi8(g, places), _mm256_shuffle_epi8(h, places));
            let bit_4 = _mm256_slli_epi16::<3>(bytes);
            let (ab, cd) = (_mm256_blendv_epi8(a, b, bit_4), _mm256_blendv_epi8(c, d, bit_4));
            let (ef, gh) = (_mm256_blendv_epi8(e, f, bit_4), _mm256_blendv_epi8(g, h, bit_4));
            let bit_5 = _mm256_slli_epi16::<2>(bytes);
            let (abcd, efgh) =
                (_mm256_blendv_epi8(ab, cd, bit_5), _mm256_blendv_epi8(ef, gh, bit_5));
            _mm256_blendv_epi8(abcd, efgh, _mm256_slli_epi16::<1>(bytes))
        }
    );
}

#[cfg(test)]
mod tests {
    use super::{look_up, one_by_one};
    use crate::pst::crypt::ENCODE;

    /// MS-PST 5.1 goes byte by byte: each byte in each place of a row, in rows with and without bytes of 0x80 or more, with every
    /// number of bytes behind the last row, both ways.
    #[test]
    fn bytes_are_looked_up_each_for_itself() {
        let down = (0..=u8::MAX).rev().step_by(3);
        let all: Vec<u8> = (0..=u8::MAX).chain(down).chain([0x41; 70]).collect();
        for start in 0..=32 {
            for end in all.len() - 32..=all.len() {
                let data = &all[start..end];
                let expected: Vec<u8> =
                    data.iter().map(|byte| ENCODE[usize::from(*byte)]).collect();
                for way in [look_up, one_by_one] {
                    let mut found = vec![0; data.len()];
                    way(&ENCODE, data, &mut found);
                    assert_eq!(found, expected, "bytes {start} to {end}");
                }
            }
        }
    }
}
