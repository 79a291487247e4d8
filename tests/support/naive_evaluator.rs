//! A second evaluator, an independent judge of the first: it works on the policy's JSON, by recursion, without regard to
//! speed, and shares no code with the crate. Written from the pages of the IAM User Guide on conditions and variables.

use serde_json::Value;

/// A request as plain texts; `resource` is `None` for an action without resource.
#[derive(Debug, Clone)]
pub struct NaiveRequest {
    pub action: String,
    pub resource: Option<String>,
    pub context: Vec<(String, NaiveValue)>,
}

#[derive(Debug, Clone)]
pub enum NaiveValue {
    Single(String),
    Multi(Vec<String>),
}

#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed(usize, usize),
    Denied(usize, usize),
    NothingApplies,
}

pub fn judge(policies: &[Value], request: &NaiveRequest) -> Verdict {
    let mut applying = Vec::new();
    for (p, policy) in policies.iter().enumerate() {
        let modern = policy.get("Version").and_then(Value::as_str) == Some("2012-10-17");
        for (s, statement) in list(&policy["Statement"]).into_iter().enumerate() {
            if applies(statement, request, modern) {
                applying.push((p, s, statement["Effect"] == "Deny"));
            }
        }
    }
    let deny = applying.iter().find(|(_, _, deny)| *deny).map(|&(p, s, _)| Verdict::Denied(p, s));
    let allow = applying.first().map(|&(p, s, _)| Verdict::Allowed(p, s));
    deny.or(allow).unwrap_or(Verdict::NothingApplies)
}

fn applies(statement: &Value, request: &NaiveRequest, modern: bool) -> bool {
    let action = |pattern: &String| glob(&plain(&pattern.to_lowercase()), &chars(&request.action.to_lowercase()));
    let actions = match statement.get("NotAction") {
        Some(patterns) => !texts(patterns).iter().any(action),
        None => texts(&statement["Action"]).iter().any(action),
    };
    let resource = |pattern: &String| resource_fits(pattern, request, modern);
    let resources = match statement.get("NotResource") {
        Some(patterns) => texts(patterns).iter().all(|pattern| resource(pattern) == Some(false)),
        None => texts(&statement["Resource"]).iter().any(|pattern| resource(pattern) == Some(true)),
    };
    let conditions =
        statement.get("Condition").and_then(Value::as_object).into_iter().flatten().all(|(operator, lines)| {
            lines
                .as_object()
                .unwrap()
                .iter()
                .all(|(key, wanted)| condition(operator, key, &texts(wanted), request, modern))
        });
    actions && resources && conditions
}

fn resource_fits(pattern: &str, request: &NaiveRequest, modern: bool) -> Option<bool> {
    let Some(arn) = &request.resource else { return Some(pattern == "*") };
    if pattern == "*" {
        return Some(true);
    }
    // A colon inside `${…}` is none of the ARN's.
    let hidden: String = mask_variables(pattern);
    let mut cuts: Vec<usize> = hidden.match_indices(':').map(|(at, _)| at).take(5).collect();
    cuts.push(pattern.len());
    let mut start = 0;
    let mut segments: Vec<&str> = Vec::new();
    for cut in cuts {
        segments.push(&pattern[start..cut]);
        start = cut + 1;
    }
    while segments.len() < 6 {
        segments.push("*");
    }
    let mut fits = true;
    for (segment, part) in segments.iter().zip(arn.splitn(6, ':')) {
        fits &= glob(&tokens(segment, request, modern)?, &chars(part));
    }
    Some(fits)
}

fn mask_variables(text: &str) -> String {
    match text.split_once("${") {
        Some((before, rest)) => match rest.split_once('}') {
            Some((inside, after)) => format!("{before}{}{}", "_".repeat(inside.len() + 3), mask_variables(after)),
            None => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

fn condition(operator: &str, key: &str, wanted: &[String], request: &NaiveRequest, modern: bool) -> bool {
    let (set, rest) = operator.split_once(':').map_or(("", operator), |(set, rest)| (set, rest));
    let (base, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |base| (base, true));
    let given = lookup(key, request);
    if base == "Null" {
        return wanted.iter().any(|value| value.eq_ignore_ascii_case(if given.is_empty() { "true" } else { "false" }));
    }
    let negated = base.contains("Not");
    let positive = base.replace("Not", "");
    let fits = |value: &String| {
        let results: Vec<_> = wanted.iter().map(|w| compare(&positive, w, value, request, modern)).collect();
        match negated {
            true => results.iter().all(|result| *result == Some(false)),
            false => results.contains(&Some(true)),
        }
    };
    let nothing = given.is_empty() || given == [""];
    match set {
        "ForAllValues" => nothing || given.iter().all(fits),
        "ForAnyValue" => !nothing && given.iter().any(fits),
        _ if given.is_empty() => {
            let resolvable = || wanted.iter().all(|w| compare(&positive, w, "", request, modern).is_some());
            if_exists || (negated && resolvable())
        }
        _ if negated => given.iter().all(fits),
        _ => given.iter().any(fits),
    }
}

fn lookup(key: &str, request: &NaiveRequest) -> Vec<String> {
    let found = request.context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
    match found {
        Some((_, NaiveValue::Single(value))) => vec![value.clone()],
        Some((_, NaiveValue::Multi(values))) => values.clone(),
        None => vec![],
    }
}

fn compare(operator: &str, wanted: &str, given: &str, request: &NaiveRequest, modern: bool) -> Option<bool> {
    let filled = || Some(spell(&tokens(wanted, request, modern)?));
    Some(match operator {
        "StringEquals" => filled()? == given,
        "StringEqualsIgnoreCase" => filled()?.to_lowercase() == given.to_lowercase(),
        "StringLike" => glob(&tokens(wanted, request, modern)?, &chars(given)),
        "ArnEquals" | "ArnLike" => arn(&tokens(wanted, request, modern)?, given),
        "Bool" => {
            let (wanted, given) = (filled()?.to_lowercase(), given.to_lowercase());
            (wanted == "true" || wanted == "false") && wanted == given
        }
        "BinaryEquals" => wanted == given,
        "IpAddress" => address(wanted, given),
        _ => match (operator.strip_prefix("Numeric"), operator.strip_prefix("Date")) {
            (Some(relation), _) => related(relation, number(given), number(wanted)),
            (_, Some(relation)) => related(relation, date(given), date(wanted)),
            _ => panic!("no such operator: {operator}"),
        },
    })
}

fn related(relation: &str, given: Option<f64>, wanted: Option<f64>) -> bool {
    let (Some(given), Some(wanted)) = (given, wanted) else { return false };
    match relation {
        "Equals" => given == wanted,
        "LessThan" => given < wanted,
        "LessThanEquals" => given <= wanted,
        "GreaterThan" => given > wanted,
        "GreaterThanEquals" => given >= wanted,
        _ => panic!("no such relation: {relation}"),
    }
}

fn number(text: &str) -> Option<f64> {
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') { text.parse().ok() } else { None }
}

/// Seconds since 1970: epoch digits, a year, a day, or a time in UTC without fraction.
fn date(text: &str) -> Option<f64> {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if digits(text) && text.len() != 4 {
        return text.parse().ok();
    }
    let (day, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let day: Vec<u32> = day.split('-').map(str::parse).collect::<Result<_, _>>().ok()?;
    let (year, month, day) = match day[..] {
        [year] if text.len() == 4 => (year, 1, 1),
        [year, month, day] => (year, month, day),
        _ => return None,
    };
    let time: Vec<u32> = time.strip_suffix('Z')?.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let leap = |year: u32| (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let mut days = 0;
    for past in 1970..year {
        days += if leap(past) { 366 } else { 365 };
    }
    let february = if leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += months[..month as usize - 1].iter().sum::<u32>() + day - 1;
    Some(f64::from(days) * 86_400.0 + f64::from(time[0] * 3600 + time[1] * 60 + time[2]))
}

fn address(range: &str, given: &str) -> bool {
    let (network, length) = range.split_once('/').map_or((range, None), |(network, length)| (network, Some(length)));
    let (Some(network), Some(given)) = (bits(network), bits(given)) else { return false };
    let length = match length.map(str::parse::<usize>) {
        Some(Ok(length)) if length <= network.len() => length,
        None => network.len(),
        _ => return false,
    };
    network.len() == given.len() && network[..length] == given[..length]
}

fn bits(address: &str) -> Option<String> {
    match address.parse().ok()? {
        std::net::IpAddr::V4(address) => Some(address.octets().iter().map(|byte| format!("{byte:08b}")).collect()),
        std::net::IpAddr::V6(address) => Some(address.octets().iter().map(|byte| format!("{byte:08b}")).collect()),
    }
}

fn arn(pattern: &[Token], given: &str) -> bool {
    if pattern == [Token::Star] {
        return true;
    }
    let mut segments: Vec<Vec<Token>> = vec![vec![]];
    for &token in pattern {
        if token == Token::Char(':') && segments.len() < 6 {
            segments.push(vec![]);
        } else {
            segments.last_mut().unwrap().push(token);
        }
    }
    let given: Vec<_> = given.splitn(6, ':').map(chars).collect();
    segments.len() == 6 && given.len() == 6 && segments.iter().zip(&given).all(|(pattern, part)| glob(pattern, part))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Star,
    Question,
    Char(char),
}

/// The pattern with variables filled in; what they bring is literal.
fn tokens(text: &str, request: &NaiveRequest, modern: bool) -> Option<Vec<Token>> {
    let variable = text.split_once("${").filter(|_| modern);
    let Some((before, (inside, after))) = variable.and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    else {
        return Some(plain(text));
    };
    let value = match inside {
        "*" | "?" | "$" => inside.to_owned(),
        _ => {
            let (key, default) = inside.split_once(", ").map_or((inside, None), |(key, default)| (key, Some(default)));
            let found = request.context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            match (found, default) {
                (Some((_, NaiveValue::Single(value))), _) => value.clone(),
                (_, Some(default)) => default.trim_matches('\'').to_owned(),
                _ => return None,
            }
        }
    };
    let mut all = plain(before);
    all.extend(value.chars().map(Token::Char));
    all.extend(tokens(after, request, modern)?);
    Some(all)
}

fn plain(text: &str) -> Vec<Token> {
    let token = |c| match c {
        '*' => Token::Star,
        '?' => Token::Question,
        other => Token::Char(other),
    };
    text.chars().map(token).collect()
}

fn spell(tokens: &[Token]) -> String {
    let spelled = |token: &Token| match token {
        Token::Star => '*',
        Token::Question => '?',
        Token::Char(c) => *c,
    };
    tokens.iter().map(spelled).collect()
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn glob(pattern: &[Token], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some((Token::Star, rest)), None) => glob(rest, text),
        (Some((Token::Star, rest)), Some((_, shorter))) => glob(rest, text) || glob(pattern, shorter),
        (Some((Token::Question, rest)), Some((_, shorter))) => glob(rest, shorter),
        (Some((Token::Char(want), rest)), Some((have, shorter))) => want == have && glob(rest, shorter),
        (Some(_), None) => false,
    }
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        other => vec![other],
    }
}

fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    list(value).into_iter().map(text).collect()
}
