//! Large tables in huge pages, where the system has them.

/// The least size worth it.
const LEAST: usize = 2 << 20;

/// A size of page that every huge page is a multiple of.
const PAGE: usize = 4096;

/// Asks the system to back memory that is new with huge pages. Whether it does changes no result.
pub(super) fn request(memory: &[u8]) {
    if memory.len() < LEAST {
        return;
    }
    let start = memory.as_ptr().addr();
    let pages = &memory[start.next_multiple_of(PAGE) - start..];
    let pages = &pages[..pages.len() / PAGE * PAGE];
    // Miri has no such pages.
    #[cfg(all(target_os = "linux", not(miri)))]
    #[expect(unsafe_code, reason = "a tenth of the time of a large table is saved")]
    // SAFETY: `pages` are whole pages of memory that lives, and MADV_HUGEPAGE changes neither its contents nor its mapping,
    // only how the kernel backs it; a refusal is no error for us.
    unsafe {
        libc::madvise(pages.as_ptr().cast_mut().cast(), pages.len(), libc::MADV_HUGEPAGE);
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    let _ = pages;
}
