//! The name somebody probably meant.

/// Similarity below which a suggestion would only confuse.
const SIMILARITY_MIN: f64 = 0.6;

/// The candidate most similar to a name, if any is similar enough.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let name = name.to_lowercase();
    let scored = candidates.map(|candidate| (similarity(&name, candidate), candidate));
    let (score, best) =
        scored.max_by(|(left, a), (right, b)| left.total_cmp(right).then_with(|| b.cmp(a)))?;
    (score >= SIMILARITY_MIN).then(|| best.to_owned())
}

/// A name that is part of the other is near too: `loading_time` of `view_loading_time`.
fn similarity(name: &str, candidate: &str) -> f64 {
    let direct = strsim::normalized_damerau_levenshtein(name, candidate);
    let is_part = name.len() >= 4 && candidate.contains(name);
    if is_part {
        direct.max(SIMILARITY_MIN)
    } else {
        direct
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_its_name_and_nonsense_finds_nothing() {
        let names = ["view_loading_time", "view_name", "session_id"];
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(
                nearest(name, names.into_iter()).as_deref(),
                expected,
                "{name}"
            );
        };
        check("view_loadng_time", Some("view_loading_time"));
        check("loading", Some("view_loading_time"));
        check("sesion_id", Some("session_id"));
        check("zzz", None);
    }
}
