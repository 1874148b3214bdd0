//! The generator's own source of randomness: xoshiro256++ (Blackman and Vigna, public domain), seeded by splitmix64.
//!
//! It is written out here, instead of taken from `rand`, because the demo promises byte-identical traffic for a seed: `StdRng`
//! may change its algorithm with any release of that crate, and then truth files and recorded benchmarks would no longer fit.

use std::fmt;

/// A random UUID (version 4) as text, kept on the stack: one is drawn for every event.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Uuid([u8; 36]);

impl Uuid {
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a UUID is written in ASCII")
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A stream of random numbers; equal seeds give equal streams.
#[derive(Clone)]
pub(crate) struct Random {
    state: [u64; 4],
}

impl Random {
    /// A stream of its own for each (`seed`, `stream`) pair.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = seed ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03);
        let mut next = || {
            mixed = mixed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = mixed;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        Self {
            state: [next(), next(), next(), next()],
        }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..n; `n` must not be 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let wide = u128::from(self.next_u64()) * (n as u128);
        usize::try_from(wide >> 64).expect("the product is below n")
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Picks one item with a probability in proportion to its weight.
    pub(crate) fn weighted<'a, T>(&mut self, items: &'a [T], weight: impl Fn(&T) -> f64) -> &'a T {
        let total: f64 = items.iter().map(&weight).sum();
        let mut rest = self.unit() * total;
        for item in items {
            rest -= weight(item);
            if rest < 0.0 {
                return item;
            }
        }
        &items[items.len() - 1]
    }

    /// Standard normal (Box-Muller, one of the pair).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Log-normal by its median; durations and sizes of the web follow it closely (a long tail to the right).
    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    pub(crate) fn uuid(&mut self) -> Uuid {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let high = (self.next_u64() & !0xF000) | 0x4000;
        let low = (self.next_u64() & !(0b11 << 62)) | (0b10 << 62);
        let mut text = [b'-'; 36];
        let mut nibble = 0;
        for (place, byte) in text.iter_mut().enumerate() {
            if matches!(place, 8 | 13 | 18 | 23) {
                continue;
            }
            let word = if nibble < 16 { high } else { low };
            *byte = HEX[((word >> (60 - 4 * (nibble % 16))) & 15) as usize];
            nibble += 1;
        }
        Uuid(text)
    }

    /// `digits` lower-case hexadecimal digits (1 to 16), as bundlers put into file names.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let mut text = format!("{:016x}", self.next_u64());
        text.truncate(digits);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_version_4_and_variant_1() {
        let mut random = Random::new(1, 2);
        for _ in 0..100 {
            let text = random.uuid().to_string();
            let parts: Vec<usize> = text.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{text}");
            assert_eq!(&text[14..15], "4", "{text}");
            assert!("89ab".contains(&text[19..20]), "{text}");
        }
    }

    #[test]
    fn streams_of_one_seed_differ_and_repeat() {
        let draw = |seed, stream| Random::new(seed, stream).next_u64();
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }

    #[test]
    fn half_of_a_log_normal_lies_below_its_median() {
        let mut random = Random::new(3, 0);
        let below = (0..10_000)
            .filter(|_| random.log_normal(200.0, 0.8) < 200.0)
            .count();
        assert!((4_800..5_200).contains(&below), "{below}");
    }
}
