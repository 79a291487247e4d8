//! Comments of an old document, taken up and set down again at the same actions, resources and statements.

use std::collections::BTreeSet;

/// A comment with what it is about.
#[derive(Debug)]
pub(super) struct Comment {
    /// Without indentation.
    lines: Vec<String>,
    place: Place,
    /// Texts in quotes that it stands at, as written.
    anchors: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On lines of its own above its anchor.
    Above,
    /// Behind its anchor.
    Behind,
    /// Above a statement.
    Statement,
}

/// Values that stand in every statement and so say nothing of where a comment belongs.
const EVERYWHERE: [&str; 2] = ["\"Allow\"", "\"Deny\""];

/// The comments of a text. `Err`: the byte of one that spans lines or stands before code, which can't be moved.
pub(super) fn take(text: &str) -> Result<Vec<Comment>, usize> {
    let mut comments: Vec<Comment> = Vec::new();
    let mut above: Vec<String> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let (strings, comment) = parts(line).ok_or(start)?;
        start += line.len();
        let code = line.get(..comment.unwrap_or(line.len())).unwrap_or(line).trim();
        let behind = comment.and_then(|at| line.get(at..)).map(|comment| comment.trim_end().to_owned());
        let anchors: Vec<String> = strings.into_iter().filter(|text| !EVERYWHERE.contains(&text.as_str())).collect();
        if code.is_empty() {
            above.extend(behind);
            continue;
        }
        // A statement's own comment belongs to all that stands in the statement, a list's to what comes next.
        for index in &open {
            if let Some(comment) = comments.get_mut(*index) {
                comment.anchors.extend(anchors.iter().cloned());
            }
        }
        let opens = code == "{" || code.starts_with("statement") || code == "}, {";
        if opens {
            open.clear();
        }
        let lines: Vec<String> = if opens {
            std::mem::take(&mut above).into_iter().chain(behind.clone()).collect()
        } else {
            std::mem::take(&mut above)
        };
        if !lines.is_empty() {
            let place = if opens { Place::Statement } else { Place::Above };
            if opens || anchors.is_empty() {
                open.push(comments.len());
            }
            comments.push(Comment { lines, place, anchors: anchors.clone() });
        }
        if let Some(behind) = behind.filter(|_| !opens) {
            comments.push(Comment { lines: vec![behind], place: Place::Behind, anchors });
        }
    }
    if !above.is_empty() {
        comments.push(Comment { lines: above, place: Place::Above, anchors: Vec::new() });
    }
    Ok(comments)
}

/// The strings of a line as written, and where its comment begins; `None` for a comment of the form `/* */`.
fn parts(line: &str) -> Option<(Vec<String>, Option<usize>)> {
    let mut strings = Vec::new();
    let mut quote: Option<usize> = None;
    let mut escaped = false;
    for (at, byte) in line.bytes().enumerate() {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(start), b'"') => {
                strings.extend(line.get(start..=at).map(str::to_owned));
                quote = None;
            }
            (None, b'"') => quote = Some(at),
            (None, b'#') => return Some((strings, Some(at))),
            (None, b'/') if line.get(at..).is_some_and(|rest| rest.starts_with("//")) => {
                return Some((strings, Some(at)));
            }
            (None, b'/') if line.get(at..).is_some_and(|rest| rest.starts_with("/*")) => return None,
            _ => {}
        }
    }
    Some((strings, None))
}

/// Sets the comments down in the new statements, each a list of lines. Hands out those that there is no place for.
pub(super) fn put(statements: &mut [Vec<String>], comments: Vec<Comment>) -> Vec<String> {
    let mut left = Vec::new();
    for comment in comments {
        let done = match comment.place {
            Place::Statement => above_statement(statements, &comment),
            Place::Above => above_line(statements, &comment),
            Place::Behind => behind_line(statements, &comment),
        };
        if !done {
            left.extend(comment.lines);
        }
    }
    for statement in statements {
        align(statement);
    }
    left
}

fn indent(line: &str) -> &str {
    line.get(..line.len() - line.trim_start().len()).unwrap_or_default()
}

/// Above the statement that shares most with the one it stood at.
fn above_statement(statements: &mut [Vec<String>], comment: &Comment) -> bool {
    let shared = |statement: &Vec<String>| {
        let texts: BTreeSet<String> =
            statement.iter().filter_map(|line| parts(line)).flat_map(|(strings, _)| strings).collect();
        comment.anchors.iter().filter(|anchor| texts.contains(*anchor)).count()
    };
    let counts: Vec<usize> = statements.iter().map(shared).collect();
    let most = counts.iter().copied().max().unwrap_or_default();
    let Some(best) = counts.iter().position(|count| *count == most && most > 0) else { return false };
    let Some(statement) = statements.get_mut(best) else { return false };
    let at = statement.iter().position(|line| !is_comment(line)).unwrap_or_default();
    insert(statement, at, &comment.lines);
    true
}

fn above_line(statements: &mut [Vec<String>], comment: &Comment) -> bool {
    let Some((statement, at)) = line_with(statements, comment) else { return false };
    insert(statement, at, &comment.lines);
    true
}

fn behind_line(statements: &mut [Vec<String>], comment: &Comment) -> bool {
    let Some((statement, at)) = line_with(statements, comment) else { return false };
    let Some(line) = statement.get_mut(at).filter(|line| parts(line).is_some_and(|(_, comment)| comment.is_none()))
    else {
        return false;
    };
    line.push_str(&format!(" {}", comment.lines.join(" ")));
    true
}

/// The first line of code that holds an anchor.
fn line_with<'s>(statements: &'s mut [Vec<String>], comment: &Comment) -> Option<(&'s mut Vec<String>, usize)> {
    let holds = |line: &String| {
        !is_comment(line)
            && parts(line).is_some_and(|(strings, _)| comment.anchors.iter().any(|anchor| strings.contains(anchor)))
    };
    statements.iter_mut().find_map(|statement| {
        let at = statement.iter().position(&holds)?;
        Some((statement, at))
    })
}

fn insert(statement: &mut Vec<String>, at: usize, lines: &[String]) {
    let indent = statement.get(at).map(|line| indent(line).to_owned()).unwrap_or_default();
    let lines: Vec<String> = lines.iter().map(|line| format!("{indent}{line}")).collect();
    statement.splice(at..at, lines);
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('#') || line.starts_with("//")
}

/// Lines up comments behind lines that follow one another, as `terraform fmt` does.
fn align(statement: &mut [String]) {
    let split = |line: &String| {
        let at = parts(line)?.1?;
        let (code, comment) = (line.get(..at)?.trim_end(), line.get(at..)?);
        (!code.trim().is_empty()).then(|| (code.to_owned(), comment.to_owned()))
    };
    let cells: Vec<Option<(String, String)>> = statement.iter().map(split).collect();
    let mut at = 0;
    for run in cells.chunk_by(|above, below| above.is_some() == below.is_some()) {
        let width = run.iter().flatten().map(|(code, _)| code.chars().count()).max().unwrap_or_default();
        for (offset, cell) in run.iter().enumerate() {
            if let (Some((code, comment)), Some(line)) = (cell, statement.get_mut(at + offset)) {
                let gap = width - code.chars().count() + 1;
                *line = format!("{code}{:gap$}{comment}", "");
            }
        }
        at += run.len();
    }
}
