//! Large tables in huge pages, where the system has them.

/// Asks the system to back memory that is new with huge pages. Whether it does changes no result.
pub(super) fn request(memory: &[u8]) {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        /// The least size worth it, and a size of page that every huge page is a multiple of.
        const LEAST: usize = 2 << 20;
        const PAGE: usize = 4096;
        let (start, len) = (memory.as_ptr().addr(), memory.len());
        let skip = start.next_multiple_of(PAGE) - start;
        if len >= LEAST {
            #[expect(unsafe_code, reason = "a tenth of the time of a large table is saved")]
            // SAFETY: the range, whole pages, lies within `memory`, and MADV_HUGEPAGE changes neither its
            // contents nor its mapping, only how the kernel backs it; a refusal is no error for us.
            unsafe {
                let page = memory.as_ptr().add(skip).cast_mut().cast();
                libc::madvise(page, (len - skip) / PAGE * PAGE, libc::MADV_HUGEPAGE);
            }
        }
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    let _ = memory;
}
