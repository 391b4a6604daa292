//! Which instructions a kernel may use: detected once, at run time.

use std::fmt;

use fearless_simd::Level as Detected;

/// An instruction level. Every processor has [`Level::Portable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// 512 bits: x86-64 with the AVX-512 extensions of Ice Lake and Zen 4.
    Avx512,
    /// 256 bits with fused multiply-add: x86-64-v3 (Haswell, Zen).
    Avx2,
    /// 128 bits: every x86-64.
    Sse2,
    /// 128 bits with fused multiply-add: 64-bit ARM.
    Neon,
    /// Whatever the compiler makes of plain arrays for the target it builds for.
    Portable,
}

impl Level {
    /// Every level, the fastest first.
    pub const ALL: [Self; 5] = [Self::Avx512, Self::Avx2, Self::Sse2, Self::Neon, Self::Portable];

    /// The levels of this processor, the fastest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|level| level.is_available()).collect()
    }

    /// The fastest level of this processor.
    #[must_use]
    pub fn best() -> Self {
        Self::ALL.into_iter().find(|level| level.is_available()).unwrap_or(Self::Portable)
    }

    /// Whether this processor has the level.
    #[must_use]
    pub fn is_available(self) -> bool {
        let detected = Detected::new();
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => detected.as_avx512().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => detected.as_avx2().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => detected.as_sse2().is_some(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => detected.as_neon().is_some(),
            Self::Portable => true,
            _ => false,
        }
    }

    /// The word that selects it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Sse2 => "sse2",
            Self::Neon => "neon",
            Self::Portable => "portable",
        }
    }

    /// The level that `name` selects.
    ///
    /// ```
    /// use backend_simd::Level;
    ///
    /// assert_eq!(Level::parse("avx2"), Some(Level::Avx2));
    /// assert_eq!(Level::parse("mmx"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// How many f64 numbers one instruction handles.
    #[must_use]
    pub const fn lanes(self) -> usize {
        match self {
            Self::Avx512 => 8,
            Self::Avx2 => 4,
            Self::Sse2 | Self::Neon | Self::Portable => 2,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The processor as its maker names it, where it can be asked.
pub(crate) fn processor() -> String {
    brand().filter(|brand| !brand.is_empty()).unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// The 48 characters that leaves 0x8000_0002 to 0x8000_0004 of CPUID spell.
#[cfg(all(target_arch = "x86_64", not(miri)))]
fn brand() -> Option<String> {
    use std::arch::x86_64::__cpuid;

    const LEAVES: std::ops::RangeInclusive<u32> = 0x8000_0002..=0x8000_0004;
    if __cpuid(0x8000_0000).eax < *LEAVES.end() {
        return None;
    }
    let registers = LEAVES.map(__cpuid).flat_map(|leaf| [leaf.eax, leaf.ebx, leaf.ecx, leaf.edx]);
    let bytes: Vec<u8> = registers.flat_map(u32::to_le_bytes).collect();
    let name = String::from_utf8_lossy(&bytes);
    Some(name.trim_matches(['\0', ' ']).split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
fn brand() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_the_best_level_comes_first() {
        for level in Level::ALL {
            assert_eq!(Level::parse(level.name()), Some(level));
        }
        let available = Level::available();
        assert_eq!(available[0], Level::best());
        assert_eq!(available.last(), Some(&Level::Portable));
    }

    #[test]
    fn the_processor_has_a_name() {
        assert!(!processor().is_empty());
    }
}
