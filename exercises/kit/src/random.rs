//! Sorteio com semente: a mesma semente dá sempre a mesma sequência, em qualquer máquina e também em WASM.
//!
//! O gerador é o SplitMix64: um contador que anda de passo fixo e uma função que embaralha os bits do contador. Serve para
//! variar casos de teste e simular *jitter*; não serve para senha nem para criptografia.

use std::ops::RangeInclusive;

/// O passo do contador no SplitMix64: a razão áurea em 64 bits, ímpar, para que o contador visite todos os valores.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Um gerador de números com semente.
#[derive(Debug, Clone)]
pub struct Random {
    counter: u64,
}

impl Random {
    /// Começa a sequência da `seed`.
    pub fn new(seed: u64) -> Self {
        Self { counter: seed }
    }

    /// O próximo número de 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(STEP);
        let mut mixed = self.counter;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Um número do intervalo, com as duas pontas dentro. Num intervalo vazio, devolve o começo.
    pub fn between(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (low, high) = range.into_inner();
        let width = u128::from(high.saturating_sub(low)) + 1;
        // A parte alta do produto é um número abaixo de `width`; nenhum valor fica de fora e o desvio é desprezível.
        let offset = (u128::from(self.next_u64()) * width) >> 64;
        low + u64::try_from(offset).unwrap_or(0)
    }

    /// Um número de 0,0 (dentro) a 1,0 (fora).
    pub fn fraction(&mut self) -> f64 {
        // 53 bits: tudo o que a mantissa de um `f64` guarda.
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Um dos itens; `None` se não houver nenhum.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let last = items.len().checked_sub(1)?;
        let index = self.between(0..=u64::try_from(last).ok()?);
        items.get(usize::try_from(index).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_repeats_the_same_sequence() {
        let mut first = Random::new(42);
        let mut second = Random::new(42);
        for _ in 0..100 {
            assert_eq!(first.next_u64(), second.next_u64());
        }
        assert_ne!(Random::new(1).next_u64(), Random::new(2).next_u64());
    }

    #[test]
    fn the_sequence_is_the_published_splitmix64() {
        // Os três primeiros valores da semente 1234567 nos vetores de teste publicados do SplitMix64.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(random.next_u64(), 3_203_168_211_198_807_973);
        assert_eq!(random.next_u64(), 9_817_491_932_198_370_423);
    }

    #[test]
    fn between_reaches_both_ends_and_never_leaves_them() {
        let mut random = Random::new(7);
        let mut seen = [false; 4];
        for _ in 0..200 {
            let value = random.between(3..=6);
            assert!((3..=6).contains(&value), "{value}");
            seen[usize::try_from(value - 3).expect("cabe em usize")] = true;
        }
        assert_eq!(seen, [true; 4]);
        assert_eq!(random.between(5..=5), 5);
        random.between(0..=u64::MAX);
    }

    #[test]
    fn fraction_stays_below_one() {
        let mut random = Random::new(9);
        assert!((0..1000).all(|_| (0.0..1.0).contains(&random.fraction())));
    }

    #[test]
    fn pick_of_nothing_is_nothing() {
        assert_eq!(Random::new(1).pick::<u8>(&[]), None);
        assert_eq!(Random::new(1).pick(&["um"]), Some(&"um"));
    }
}
