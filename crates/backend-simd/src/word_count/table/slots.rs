//! The slots of the table: 32 bytes each, aligned, in huge pages where the system has them.

/// A power of two of slots of four numbers, all zero at first; no slot crosses a cache line.
pub(super) struct Slots {
    /// The slots and what aligns them.
    words: Vec<u64>,
    /// Where in `words` the first slot begins.
    start: usize,
    /// The number of slots is 2^bits.
    bits: u32,
}

/// Key (two numbers), count (0 of a free slot) and number in order of insertion.
pub(super) type Slot = [u64; 4];

impl Slots {
    pub(super) fn new(bits: u32) -> Self {
        // Zeros from the allocator are pages that nobody has touched: they can still become huge.
        let words = vec![0; (4 << bits) + 3];
        request_huge_pages(&words);
        let start = words.as_ptr().align_offset(32).min(3);
        Self { words, start, bits }
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        1 << self.bits
    }

    pub(super) fn bits(&self) -> u32 {
        self.bits
    }

    #[inline(always)]
    pub(super) fn get(&self) -> &[Slot] {
        self.words[self.start..][..4 << self.bits].as_chunks().0
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self) -> &mut [Slot] {
        self.words[self.start..][..4 << self.bits].as_chunks_mut().0
    }
}

/// Asks the system to back memory that is new with huge pages. Whether it does changes no result.
fn request_huge_pages(words: &[u64]) {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        /// The least size worth it, and a size of page that every huge page is a multiple of.
        const LEAST: usize = 4 << 20;
        const PAGE: usize = 4096;
        let (start, len) = (words.as_ptr().addr(), size_of_val(words));
        let skip = start.next_multiple_of(PAGE) - start;
        if len >= LEAST {
            #[expect(unsafe_code, reason = "a tenth of the time of a large table is saved")]
            // SAFETY: the range lies within `words`, and MADV_HUGEPAGE changes neither its contents
            // nor its mapping, only how the kernel backs it; a refusal is no error for us.
            unsafe {
                let page = words.as_ptr().byte_add(skip).cast_mut().cast();
                libc::madvise(page, len - skip, libc::MADV_HUGEPAGE);
            }
        }
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    let _ = words;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_zero_and_cross_no_cache_line() {
        for bits in if cfg!(miri) { 4..6 } else { 4..18 } {
            let mut slots = Slots::new(bits);
            assert_eq!(slots.get().len(), slots.len());
            assert!(slots.get_mut().iter().all(|slot| *slot == [0; 4]));
            assert!(cfg!(miri) || slots.get().as_ptr().addr().is_multiple_of(32));
        }
    }
}
