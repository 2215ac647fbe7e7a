//! SHA-256 of two texts at once. The processor's own steps of SHA-256 each wait for the one before, so that half of its time
//! is spent waiting; taken in turns, two texts cost hardly more than the longer one. Measured on the two texts of a
//! decision, 2.3 and 1.8 KB, on a Zen 4: 1.6 us instead of 2.6.

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi32, _mm_set_epi32, _mm_set_epi64x,
    _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8,
    _mm_shuffle_epi32,
};

/// Bytes of a block.
const BLOCK: usize = 64;

/// A text in blocks: its own, and the one or two of its end with the padding (FIPS 180-4, 5.1.1).
struct Padded<'t> {
    whole: &'t [[u8; BLOCK]],
    end: [[u8; BLOCK]; 2],
    ends: usize,
}

impl<'t> Padded<'t> {
    fn new(text: &'t [u8]) -> Self {
        let (whole, rest) = text.as_chunks::<BLOCK>();
        let mut end = [[0; BLOCK]; 2];
        // The rest and a one bit, zeros, and the length in bits at the end of the first block that has room for it.
        let bytes = end.as_flattened_mut();
        let ends = if rest.len() < BLOCK - 8 { 1 } else { 2 };
        let bits = (text.len() as u64).wrapping_mul(8).to_be_bytes();
        put(bytes, 0, rest);
        put(bytes, rest.len(), &[0x80]);
        put(bytes, ends * BLOCK - 8, &bits);
        Self { whole, end, ends }
    }

    fn blocks(&self) -> impl Iterator<Item = &[u8; BLOCK]> {
        self.whole.iter().chain(self.end.iter().take(self.ends))
    }

    fn count(&self) -> usize {
        self.whole.len() + self.ends
    }
}

/// Copies `part` to its place, where there is room for it.
#[inline]
fn put(bytes: &mut [u8], at: usize, part: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + part.len()) {
        place.copy_from_slice(part);
    }
}

/// The state of one text, as the processor's instructions want it.
#[derive(Clone, Copy)]
struct Lane {
    abef: __m128i,
    cdgh: __m128i,
}

/// The SHA-256 of both.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
pub(super) fn digests(one: &[u8], other: &[u8]) -> [[u8; 32]; 2] {
    let (one, other) = (Padded::new(one), Padded::new(other));
    // FIPS 180-4, 5.3.3.
    let begin = Lane {
        abef: _mm_set_epi32(
            0x6a09_e667,
            0xbb67_ae85_u32 as i32,
            0x510e_527f,
            0x9b05_688c_u32 as i32,
        ),
        cdgh: _mm_set_epi32(
            0x3c6e_f372,
            0xa54f_f53a_u32 as i32,
            0x1f83_d9ab,
            0x5be0_cd19,
        ),
    };
    let (mut first, mut second) = (begin, begin);
    for (one, other) in one.blocks().zip(other.blocks()) {
        compress(&mut first, one, &mut second, other);
    }
    // The rest of the longer one, beside a state that nobody asks for.
    let mut idle = begin;
    for block in one.blocks().skip(other.count()) {
        compress(&mut first, block, &mut idle, block);
    }
    for block in other.blocks().skip(one.count()) {
        compress(&mut second, block, &mut idle, block);
    }
    [digest(first), digest(second)]
}

#[target_feature(enable = "sse4.1")]
#[inline]
fn digest(lane: Lane) -> [u8; 32] {
    let Lane { abef, cdgh } = lane;
    let words = [
        _mm_extract_epi32::<3>(abef),
        _mm_extract_epi32::<2>(abef),
        _mm_extract_epi32::<3>(cdgh),
        _mm_extract_epi32::<2>(cdgh),
        _mm_extract_epi32::<1>(abef),
        _mm_extract_epi32::<0>(abef),
        _mm_extract_epi32::<1>(cdgh),
        _mm_extract_epi32::<0>(cdgh),
    ];
    let mut bytes = [0; 32];
    let words = words.map(i32::to_be_bytes);
    for (place, byte) in bytes.iter_mut().zip(words.as_flattened()) {
        *place = *byte;
    }
    bytes
}

/// A block as words, four and four, the first of four in the lowest place.
#[target_feature(enable = "sse2,ssse3")]
#[inline]
fn words(block: &[u8; BLOCK]) -> [__m128i; 4] {
    let swapped = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let mut words = [swapped; 4];
    for (place, sixteen) in words.iter_mut().zip(block.as_chunks::<16>().0) {
        let number = i128::from_le_bytes(*sixteen);
        let bytes = _mm_set_epi64x((number >> 64) as i64, number as i64);
        *place = _mm_shuffle_epi8(bytes, swapped);
    }
    words
}

#[target_feature(enable = "sse2")]
#[inline]
fn four(constants: &[u32; 4]) -> __m128i {
    let [k0, k1, k2, k3] = constants.map(|k| k as i32);
    _mm_set_epi32(k3, k2, k1, k0)
}

/// The next four words of the message schedule after sixteen.
#[target_feature(enable = "sha,sse2,ssse3")]
#[inline]
fn schedule(w0: __m128i, w1: __m128i, w2: __m128i, w3: __m128i) -> __m128i {
    let sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8::<4>(w3, w2));
    _mm_sha256msg2_epu32(sum, w3)
}

/// Four rounds.
#[target_feature(enable = "sha,sse2")]
#[inline]
fn rounds(lane: &mut Lane, words: __m128i, constants: __m128i) {
    let sum = _mm_add_epi32(words, constants);
    lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, sum);
    let high = _mm_shuffle_epi32::<0x0e>(sum);
    lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, high);
}

/// One block of each, four rounds of the one and four of the other in turn.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
#[inline]
fn compress(one: &mut Lane, of_one: &[u8; BLOCK], other: &mut Lane, of_other: &[u8; BLOCK]) {
    let before = (*one, *other);
    let [mut w0, mut w1, mut w2, mut w3] = words(of_one);
    let [mut v0, mut v1, mut v2, mut v3] = words(of_other);
    // Written out, so that everything stays in registers.
    macro_rules! turns {
        ($($turn:literal)+) => {$(
            let k = four(&CONSTANTS[$turn]);
            rounds(one, w0, k);
            rounds(other, v0, k);
            (w0, w1, w2, w3) = (w1, w2, w3, schedule(w0, w1, w2, w3));
            (v0, v1, v2, v3) = (v1, v2, v3, schedule(v0, v1, v2, v3));
        )+};
    }
    turns!(0 1 2 3 4 5 6 7 8 9 10 11);
    let [.., k12, k13, k14, k15] = &CONSTANTS;
    for (w, v, k) in [(w0, v0, k12), (w1, v1, k13), (w2, v2, k14), (w3, v3, k15)] {
        rounds(one, w, four(k));
        rounds(other, v, four(k));
    }
    for (lane, before) in [(one, before.0), (other, before.1)] {
        lane.abef = _mm_add_epi32(lane.abef, before.abef);
        lane.cdgh = _mm_add_epi32(lane.cdgh, before.cdgh);
    }
}

/// FIPS 180-4, 4.2.2.
const CONSTANTS: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
    [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
    [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
    [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
    [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
    [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
    [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
    [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
    [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];
