//! Mends records that are nearly JSON, so that an odd byte in a user agent does not lose the call.

use serde_json::Value;

/// A copy of the record in which invalid UTF-8 and halves of surrogate pairs are U+FFFD and of repeated keys only the last
/// is left. `None` where that does not make it JSON.
pub fn mend(record: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(record);
    let value: Value = serde_json::from_str(&replace_half_surrogates(&text)).ok()?;
    serde_json::to_vec(&value).ok()
}

fn replace_half_surrogates(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let length = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(Half::High), Some(Half::Low)) => 12,
            (Some(_), _) => {
                mended.push('\u{FFFD}');
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            (None, _) => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (kept, behind) = escape.split_at(length.min(escape.len()));
        mended.push_str(kept);
        rest = behind;
    }
    mended.push_str(rest);
    mended
}

#[derive(Clone, Copy)]
enum Half {
    High,
    Low,
}

/// The half of a surrogate pair that the escape at the start of `text` stands for.
fn surrogate(text: &str) -> Option<Half> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(record: &[u8]) -> String {
        String::from_utf8(mend(record).unwrap()).unwrap()
    }

    #[test]
    fn what_is_not_text_becomes_the_replacement_character() {
        assert_eq!(mended(b"{\"a\":\"x\xff\"}"), "{\"a\":\"x\u{FFFD}\"}");
        assert_eq!(mended(br#"{"a":"\ud83d x"}"#), "{\"a\":\"\u{FFFD} x\"}");
        assert_eq!(mended(br#"{"a":"\udc00\ud83d\ude00"}"#), "{\"a\":\"\u{FFFD}\u{1F600}\"}");
    }

    #[test]
    fn an_escaped_backslash_starts_no_surrogate() {
        assert_eq!(mended(br#"{"a":"\\ud83d\n\"","b":1,"b":2}"#), r#"{"a":"\\ud83d\n\"","b":2}"#);
    }

    #[test]
    fn what_is_no_json_stays_broken() {
        assert_eq!(mend(br#"{"a":"#), None);
        assert_eq!(mend(br#"{"a":"\"#), None);
    }
}
