//! Event names to actions, where no rule says otherwise.

use crate::catalog::{ActionEntry, Catalog};
use crate::iam::Action;

/// The action of an operation: the same name, or the name without the date that Lambda and CloudFront put behind it
/// (`CreateFunction20150331`, `UpdateFunctionCode20150331v2`, `CreateDistribution2020_05_31`). A real `…V2` name stays.
pub fn action<'c>(catalog: &'c Catalog, service: &str, event_name: &str) -> Option<&'c ActionEntry> {
    let look = |name: &str| catalog.action(&format!("{service}:{name}").parse::<Action>().ok()?);
    look(event_name).or_else(|| look(undated(event_name)?))
}

/// The name without a date at its end; `None` if there is none.
fn undated(name: &str) -> Option<&str> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let body = match name.rsplit_once('v') {
        Some((body, version)) if digits(version) && body.ends_with(|c: char| c.is_ascii_digit()) => body,
        _ => name,
    };
    let stem = body.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let date = body.get(stem.len()..)?;
    let shape: String = date.chars().map(|c| if c == '_' { '_' } else { '0' }).collect();
    matches!(shape.as_str(), "00000000" | "0000_00_00").then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::undated;

    #[test]
    fn a_date_is_cut_and_a_version_is_not() {
        assert_eq!(undated("CreateFunction20150331"), Some("CreateFunction"));
        assert_eq!(undated("UpdateFunctionCode20150331v2"), Some("UpdateFunctionCode"));
        assert_eq!(undated("CreateDistribution2020_05_31"), Some("CreateDistribution"));
        assert_eq!(undated("ListObjectsV2"), None);
        assert_eq!(undated("Route53"), None);
    }
}
