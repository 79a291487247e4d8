//! The `trailtrim` program: parses arguments, calls the library, returns an exit status.

use trailtrim::cli::{self, ExitStatus};

fn main() -> ExitStatus {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    share_one_heap();
    cli::run(std::env::args_os())
}

/// All threads allocate from one heap, and what is large is given back at once: what one thread leaves behind, the next phase
/// uses. Left to itself glibc keeps a heap for each thread, and takes large pieces from them once one was freed; with ten
/// million events that is a fifth of all memory (docs/src/guide/speed.md).
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn share_one_heap() {
    /// As much as glibc begins with; being set, it does not grow.
    const LARGE: libc::c_int = 128 << 10;
    #[expect(unsafe_code, reason = "glibc's settings have no safe form")]
    // SAFETY: `mallopt` takes plain numbers and changes how much memory is kept, nothing else. No other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
}
