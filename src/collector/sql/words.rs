//! Pieces of SQL, as Trino writes them.

use crate::aggregator::{Below, Members};
use crate::catalog::rules::squeeze;

/// Members that are kept whatever the rules read: wrappers of lists, and what CloudTrail writes in place of a payload.
const ALWAYS: [&str; 9] =
    ["items", "item", "member", "entry", "omitted", "originalsize", "reason", "message", "errormessage"];

/// What begins a text that holds an ARN, as EKS may write it too.
const ARN: &str = r#""arn(:|%3[aA])"#;

/// A text in quotes.
pub fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A name of a table or a column.
pub fn name(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

/// `column IN ('a', 'b')`
pub fn among<'a>(column: &str, values: impl IntoIterator<Item = &'a str>) -> String {
    let values: Vec<String> = values.into_iter().map(text).collect();
    format!("{column} IN ({})", values.join(", "))
}

/// The texts between the quotes of a regular expression's alternatives.
pub fn any_of<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    values.into_iter().collect::<Vec<_>>().join("|")
}

/// A text without the values of members that tell one call from the next and nothing else.
pub fn without(column: &str, members: &[String]) -> String {
    let names = any_of(members.iter().map(String::as_str));
    let pattern = format!(r#""(?:{names})"\s*:\s*"[^"\\]*(?:\\.[^"\\]*)*""#);
    format!("regexp_replace({column}, {}, {})", text(&pattern), text(r#""_":"""#))
}

/// The ARNs in a text, as a JSON array.
pub fn arns_in(column: &str) -> String {
    let pattern = text(r#"("arn(?::|%3[aA])[^"\\]*(?:\\.[^"\\]*)*")\s*[,}\]]"#);
    let found = format!("array_sort(array_distinct(regexp_extract_all({column}, {pattern}, 1)))");
    format!("'[' || array_join({found}, ',') || ']'")
}

/// The members of a map that are read, as a JSON object.
pub fn members_of(map: &str, members: &Members, left_out: Option<&str>) -> String {
    let names_alone = members.top.iter().filter(|(_, below)| **below == Below::Names);
    let names_alone: Vec<&str> = names_alone.map(|(name, _)| name.as_str()).collect();
    let value = format!("json_format(element_at({map}, k))");
    let mut shown = value.clone();
    if !names_alone.is_empty() {
        let blank = format!("regexp_replace({value}, {}, {})", text(r#":"[^"\\]*(?:\\.[^"\\]*)*""#), text(r#":"""#));
        shown = format!("CASE WHEN {} THEN {blank} ELSE {value} END", among(SQUEEZED, names_alone));
    }
    let kept = kept(members, &value);
    let left_out = left_out.map(|name| format!(" AND k <> {}", text(name))).unwrap_or_default();
    // A member's name with a quote in it is none of AWS's.
    let written = r#"strpos(k, '"') = 0 AND strpos(k, chr(92)) = 0"#;
    format!(
        "'{{' || array_join(transform(filter(array_sort(map_keys({map})), k -> ({kept}){left_out} AND {written}), \
         k -> '\"' || k || '\":' || {shown}), ',') || '}}'"
    )
}

/// A member's name as the rules compare names.
const SQUEEZED: &str = "regexp_replace(lower(k), '[^a-z0-9]', '')";

/// Whether a member is kept.
fn kept(members: &Members, value: &str) -> String {
    let anywhere: Vec<&str> = members.anywhere.iter().map(String::as_str).collect();
    let at_top = members.top.iter().filter(|(_, below)| !matches!(below, Below::Holding(_)));
    let at_top = at_top.map(|(name, _)| name.as_str());
    let names = at_top.chain(anywhere.iter().copied()).chain(ALWAYS);
    let mut tests = vec![among(SQUEEZED, names), format!("regexp_like({value}, {})", text(ARN))];
    for (name, below) in &members.top {
        if let Below::Holding(words) = below {
            let holding = holds(value, words.iter().map(String::as_str));
            tests.push(format!("{SQUEEZED} = {} AND {holding}", text(name)));
        }
    }
    if !anywhere.is_empty() {
        tests.push(holds(value, anywhere.iter().copied()));
    }
    tests.join(" OR ")
}

/// Whether a JSON text has a member of one of these names at any depth, however it is spelled.
fn holds<'a>(value: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(squeeze).collect();
    let pattern = format!("\"({})\":", any_of(names.iter().map(String::as_str)));
    format!("regexp_like(regexp_replace(lower({value}), '[^a-z0-9\":]', ''), {})", text(&pattern))
}
