//! Named points at which a test kills the process (`FOOTFALL_FAILPOINT=name` or `name:n` for the n-th passage).
//!
//! Without the feature `failpoints` this is an empty function.

/// Kills the process as `SIGKILL` would, if this point is the chosen one: no unwinding, no flush, no destructors.
#[cfg(feature = "failpoints")]
pub fn pass(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static CHOSEN: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let chosen = CHOSEN.get_or_init(|| {
        let text = std::env::var("FOOTFALL_FAILPOINT").ok()?;
        let (name, passage) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), passage.parse().unwrap_or(1)))
    });
    if let Some((chosen, passage)) = chosen
        && chosen == name
        && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *passage
    {
        std::process::abort();
    }
}

/// Does nothing: the feature `failpoints` is off.
#[cfg(not(feature = "failpoints"))]
pub fn pass(_name: &str) {}
