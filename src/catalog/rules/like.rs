//! How the rule files compare texts: globs, and names whatever their spelling.

/// Whether a text matches a glob of `*`, whatever the case of letters.
pub fn like(glob: &str, text: &str) -> bool {
    let mut pieces = glob.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) =
        text.get(..first.len()).filter(|head| head.eq_ignore_ascii_case(first)).and(text.get(first.len()..))
    else {
        return false;
    };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        let lower = rest.to_ascii_lowercase();
        let Some(at) = lower.find(&piece.to_ascii_lowercase()) else { return false };
        rest = rest.get(at + piece.len()..).unwrap_or("");
    }
    rest.len() >= last.len() && rest.get(rest.len() - last.len()..).is_some_and(|tail| tail.eq_ignore_ascii_case(last))
}

/// Lower case, letters and digits only.
pub fn squeeze(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    squeezed.extend(text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| char::from(byte.to_ascii_lowercase())));
    squeezed
}
