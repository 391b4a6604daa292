//! Large tables in huge pages, where the system has them.

/// A size of page that every huge page is a multiple of.
const PAGE: usize = 4096;

/// The least size worth it. Miri, which has no such pages, only looks for the range.
const LEAST: usize = if cfg!(miri) { PAGE } else { 2 << 20 };

/// Asks the system to back memory that is new with huge pages. Whether it does changes no result.
pub(super) fn request(memory: &[u8]) {
    if memory.len() >= LEAST {
        advise(pages(memory));
    }
}

/// The whole pages of a range.
fn pages(memory: &[u8]) -> &[u8] {
    let start = memory.as_ptr().addr();
    let pages = &memory[start.next_multiple_of(PAGE) - start..];
    &pages[..pages.len() / PAGE * PAGE]
}

#[cfg(all(target_os = "linux", not(miri)))]
fn advise(pages: &[u8]) {
    #[expect(unsafe_code, reason = "a tenth of the time of a large table is saved")]
    // SAFETY: `pages` are whole pages of memory that lives, and MADV_HUGEPAGE changes neither its contents nor its mapping,
    // only how the kernel backs it; a refusal is no error for us.
    unsafe {
        libc::madvise(pages.as_ptr().cast_mut().cast(), pages.len(), libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn advise(_: &[u8]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_whole_and_within_the_memory() {
        let memory = vec![0; 5 * PAGE + 100];
        for start in [0, 1, 100, PAGE] {
            let pages = pages(&memory[start..]);
            assert!(pages.as_ptr().addr().is_multiple_of(PAGE) && pages.len().is_multiple_of(PAGE));
            assert!(pages.len() >= 3 * PAGE && memory.as_ptr_range().contains(&pages.as_ptr()));
        }
    }
}
