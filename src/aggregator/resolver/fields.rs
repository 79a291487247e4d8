//! Reads the fields of an event by the paths of the rule files.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::catalog::rules::{FieldPath, Predicate, Root, SinglePath, Step, Test, Transform, like};
use crate::cloudtrail::{Event, Json, Payload};
use crate::iam::Arn;

/// Wrappers that AWS's XML protocols leave around list items.
const WRAPPERS: [&str; 4] = ["items", "item", "member", "entry"];

/// What CloudTrail writes in place of a secret.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// The fields of one event.
#[derive(Debug)]
pub struct Fields<'e> {
    event: &'e Event<'e>,
    request: Option<&'e Json<'e>>,
    response: Option<&'e Json<'e>>,
    partition: &'e str,
}

/// A text in a request or response and the name of the member that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf<'e> {
    pub key: &'e str,
    /// The member that holds the one with that name; empty at the top.
    pub parent: &'e str,
    pub value: Cow<'e, str>,
    /// Stands directly in `requestParameters` or in a list there.
    pub top: bool,
}

impl<'e> Fields<'e> {
    pub fn new(event: &'e Event<'e>) -> Self {
        Self {
            event,
            request: payload(&event.request).map(|json| unwrap_operation(json, &event.name, "Request")),
            response: payload(&event.response).map(|json| unwrap_operation(json, &event.name, "Response")),
            partition: partition(event),
        }
    }

    /// The request without what wraps it.
    pub fn request(&self) -> Option<&'e Json<'e>> {
        self.request
    }

    pub fn event(&self) -> &'e Event<'e> {
        self.event
    }

    pub fn partition(&self) -> &'e str {
        self.partition
    }

    pub fn region(&self) -> &'e str {
        &self.event.region
    }

    /// The account whose resources the call acts on.
    pub fn account(&self) -> &'e str {
        let account = self.event.account.as_deref().or(self.event.caller.account.as_deref());
        account.unwrap_or_else(|| self.event.caller.principal.as_ref().map_or("*", Arn::account))
    }

    /// The values behind the first alternative that has any, in order, without repeats.
    pub fn values(&self, path: &FieldPath) -> Vec<Cow<'e, str>> {
        path.alternatives.iter().map(|single| self.single(single)).find(|values| !values.is_empty()).unwrap_or_default()
    }

    /// The first value at a path written as in the rule files.
    pub fn text(&self, path: &str) -> Option<String> {
        let path = FieldPath::try_from(path.to_owned()).ok()?;
        self.values(&path).into_iter().next().map(Cow::into_owned)
    }

    fn single(&self, path: &SinglePath) -> Vec<Cow<'e, str>> {
        let mut values = match path.root {
            Root::Request => leaves(self.request, &path.steps),
            Root::Response => leaves(self.response, &path.steps),
            Root::Resources => self.event.resources.iter().map(|resource| Cow::Borrowed(&*resource.arn)).collect(),
            Root::Event => self.event_field(&path.steps).into_iter().map(Cow::Borrowed).collect(),
        };
        values = values.into_iter().map(decode).collect();
        for transform in &path.transforms {
            values = values.into_iter().flat_map(|value| apply(transform, value)).collect();
        }
        let mut seen = Vec::with_capacity(values.len());
        for value in values.into_iter().filter(|value| !value.is_empty() && value != HIDDEN) {
            if !seen.contains(&value) {
                seen.push(value);
            }
        }
        seen
    }

    fn event_field(&self, steps: &[Step]) -> Option<&'e str> {
        let [Step::Key(name)] = steps else { return None };
        match name.as_str() {
            "name" => Some(&self.event.name),
            "source" => Some(&self.event.source),
            "region" => Some(self.region()),
            "account" => Some(self.account()),
            "partition" => Some(self.partition),
            "invoked_by" => self.event.caller.invoked_by.as_deref(),
            "api_version" => self.event.api_version.as_deref(),
            "error_code" => self.event.error_code.as_deref(),
            "session" => self.event.caller.session_name.as_deref(),
            _ => None,
        }
    }

    /// Whether all of these hold.
    pub fn hold(&self, predicates: &[Predicate], tagged: impl Fn() -> bool) -> bool {
        predicates.iter().all(|predicate| {
            let truth = match &predicate.test {
                Test::Present(path) => self.present(path),
                Test::Among(path, words) => {
                    self.values(path).iter().any(|value| words.iter().any(|word| word.eq_ignore_ascii_case(value)))
                }
                Test::Like(path, glob) => self.values(path).iter().any(|value| like(glob, value)),
                Test::Tags => tagged(),
            };
            truth != predicate.negated
        })
    }

    fn present(&self, path: &FieldPath) -> bool {
        path.alternatives.iter().any(|single| {
            let root = match single.root {
                Root::Request if single.transforms.is_empty() => self.request,
                Root::Response if single.transforms.is_empty() => self.response,
                _ => return !self.single(single).is_empty(),
            };
            nodes(root, &single.steps).into_iter().any(is_something)
        })
    }

    /// The JSON values at a path, for what is more than a text (tags).
    pub fn nodes(&self, path: &FieldPath) -> Vec<&'e Json<'e>> {
        let roots = path.alternatives.iter().map(|single| match single.root {
            Root::Response => nodes(self.response, &single.steps),
            _ => nodes(self.request, &single.steps),
        });
        roots.into_iter().find(|found| found.iter().any(|node| is_something(node))).unwrap_or_default()
    }

    /// All texts of the request but those below members named in `skipped`.
    pub fn request_leaves(&self, skipped: &[&[String]]) -> Vec<Leaf<'e>> {
        all_leaves(self.request, skipped)
    }

    /// All texts of the response.
    pub fn response_leaves(&self) -> Vec<Leaf<'e>> {
        all_leaves(self.response, &[])
    }
}

fn payload<'e>(payload: &'e Payload<'e>) -> Option<&'e Json<'e>> {
    match payload {
        Payload::Json(json) => Some(json),
        Payload::Absent | Payload::Omitted => None,
    }
}

/// EC2's newer records hold one member, `<Operation>Request`, around everything.
fn unwrap_operation<'e>(json: &'e Json<'e>, operation: &str, suffix: &str) -> &'e Json<'e> {
    let Json::Object(members) = json else { return json };
    let mut iter = members.iter();
    match (iter.next(), iter.next()) {
        (Some((key, inner)), None) if key.strip_suffix(suffix) == Some(operation) => inner,
        _ => json,
    }
}

fn partition<'e>(event: &'e Event<'e>) -> &'e str {
    if let Some(principal) = &event.caller.principal {
        return principal.partition();
    }
    match &*event.region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

fn nodes<'e>(root: Option<&'e Json<'e>>, steps: &[Step]) -> Vec<&'e Json<'e>> {
    let mut found = Vec::new();
    if let Some(root) = root {
        walk(root, steps, &mut found);
    }
    found
}

fn leaves<'e>(root: Option<&'e Json<'e>>, steps: &[Step]) -> Vec<Cow<'e, str>> {
    let mut texts = Vec::new();
    if let Some((Step::Names, steps)) = steps.split_last() {
        for node in nodes(root, steps) {
            texts.extend(node.iter_object().into_iter().flatten().map(|(name, _)| Cow::Borrowed(name)));
        }
        return texts;
    }
    for node in nodes(root, steps) {
        flatten(node, &mut texts);
    }
    texts
}

fn walk<'e>(node: &'e Json<'e>, steps: &[Step], found: &mut Vec<&'e Json<'e>>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(node);
        return;
    };
    match (node, step) {
        (Json::Array(items), _) => items.iter().for_each(|item| walk(item, steps, found)),
        // S3 writes both the query's `tagging` and the body's `Tagging`.
        (Json::Object(members), Step::Key(key)) => {
            let mut named = members.iter().filter(|(name, _)| name.eq_ignore_ascii_case(key)).peekable();
            match named.peek() {
                Some(_) => named.for_each(|(_, child)| walk(child, rest, found)),
                None => wrapped(node).into_iter().for_each(|inner| walk(inner, steps, found)),
            }
        }
        (Json::Object(members), Step::Deep(key)) => {
            for (name, child) in members.iter() {
                if name.eq_ignore_ascii_case(key) {
                    walk(child, rest, found);
                } else {
                    walk(child, steps, found);
                }
            }
        }
        _ => {}
    }
}

fn member<'e>(node: &'e Json<'e>, key: &str) -> Option<&'e Json<'e>> {
    let Json::Object(members) = node else { return None };
    members.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, child)| child)
}

fn wrapped<'e>(node: &'e Json<'e>) -> Option<&'e Json<'e>> {
    WRAPPERS.iter().find_map(|wrapper| member(node, wrapper))
}

/// The texts of a value: lists item by item, `{tag, content}` objects of EC2 by their content.
fn flatten<'e>(node: &'e Json<'e>, texts: &mut Vec<Cow<'e, str>>) {
    match node {
        Json::Str(text) => texts.push(Cow::Borrowed(text)),
        Json::Number(_) | Json::Bool(_) => texts.push(Cow::Owned(node.to_string())),
        Json::Array(items) => items.iter().for_each(|item| flatten(item, texts)),
        Json::Object(_) => {
            if let Some(inner) = member(node, "content").or_else(|| wrapped(node)) {
                flatten(inner, texts);
            }
        }
        Json::Null => {}
    }
}

fn is_something(node: &Json<'_>) -> bool {
    match node {
        Json::Null | Json::Bool(false) => false,
        Json::Str(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(members) => match wrapped(node) {
            Some(inner) => is_something(inner),
            None => !members.is_empty(),
        },
        Json::Bool(true) | Json::Number(_) => true,
    }
}

fn all_leaves<'e>(root: Option<&'e Json<'e>>, skipped: &[&[String]]) -> Vec<Leaf<'e>> {
    let mut found = Vec::new();
    if let Some(root) = root {
        collect(Named { key: "", parent: "", depth: 0 }, root, skipped, &mut found);
    }
    found
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Named<'e> {
    key: &'e str,
    parent: &'e str,
    depth: usize,
}

fn collect<'e>(at: Named<'e>, node: &'e Json<'e>, skipped: &[&[String]], found: &mut Vec<Leaf<'e>>) {
    match node {
        Json::Str(text) if !text.is_empty() && &**text != HIDDEN => {
            let value = decode(Cow::Borrowed(text));
            found.push(Leaf { key: at.key, parent: at.parent, value, top: at.depth <= 1 });
        }
        Json::Array(items) => items.iter().for_each(|item| collect(at, item, skipped, found)),
        Json::Object(members) => {
            for (name, child) in members.iter() {
                if skipped.iter().any(|names| names.iter().any(|skip| skip.eq_ignore_ascii_case(name))) {
                    continue;
                }
                // Wrappers and `{tag, content}` objects have no name of their own.
                let wrapper = name == "content" || WRAPPERS.contains(&name);
                let inner = Named { key: name, parent: at.key, depth: at.depth + 1 };
                collect(if wrapper { at } else { inner }, child, skipped, found);
            }
        }
        _ => {}
    }
}

/// EKS writes URI labels as they were on the wire: `arn%3Aaws%3Aiam…`.
fn decode(text: Cow<'_, str>) -> Cow<'_, str> {
    let encoded_arn = text.get(..6).is_some_and(|head| head.eq_ignore_ascii_case("arn%3a"));
    if !encoded_arn {
        return text;
    }
    let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
    Cow::Owned(decoded)
}

/// A text with octal codes, which begin with a backslash.
fn octal(text: &str) -> String {
    let code = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' | b'\\' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    };
    text.bytes().map(code).collect()
}

fn apply<'e>(transform: &Transform, value: Cow<'e, str>) -> Vec<Cow<'e, str>> {
    let owned = |text: &str| vec![Cow::Owned(text.to_owned())];
    match transform {
        Transform::After(mark) => owned(value.rsplit_once(mark.as_str()).map_or(&*value, |(_, tail)| tail)),
        Transform::Behind(mark) => {
            value.split_once(mark.as_str()).map(|(_, tail)| Cow::Owned(tail.to_owned())).into_iter().collect()
        }
        Transform::Before(mark) => owned(value.split_once(mark.as_str()).map_or(&*value, |(head, _)| head)),
        Transform::Split(mark) => value.split(mark.as_str()).map(|piece| Cow::Owned(piece.trim().to_owned())).collect(),
        Transform::Strip(start) => owned(value.strip_prefix(start.as_str()).unwrap_or(&value)),
        Transform::Trim(end) => owned(value.strip_suffix(end.as_str()).unwrap_or(&value)),
        Transform::Prepend(start) => owned(&format!("{start}{value}")),
        Transform::Only(glob) if like(glob, &value) => vec![value],
        Transform::Except(glob) if !like(glob, &value) => vec![value],
        Transform::Only(_) | Transform::Except(_) => Vec::new(),
        Transform::Lower => owned(&value.to_lowercase()),
        Transform::Decode => owned(&percent_decode_str(&value).decode_utf8_lossy()),
        Transform::Octal => owned(&octal(&value)),
        Transform::Piece(mark, index) => {
            value.split(mark.as_str()).nth(*index).map(|piece| Cow::Owned(piece.to_owned())).into_iter().collect()
        }
    }
}
