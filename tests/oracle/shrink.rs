//! Makes a case smaller for as long as the two evaluators still disagree in the same way, so that what is left names
//! the cause.

use serde_json::Value;

/// A smallest case: nothing more can go without `still` failing.
pub fn shrink(mut case: Value, mut still: impl FnMut(&Value) -> bool) -> Value {
    loop {
        let mut paths = Vec::new();
        deletable(&case, "", &mut paths);
        let smaller = paths.iter().map(|path| without(&case, path)).find(|smaller| still(smaller));
        match smaller {
            Some(smaller) => case = smaller,
            None => return case,
        }
    }
}

/// JSON pointers to what may go: elements of a list but the last, parts of a Condition, context keys. Larger things first.
fn deletable(value: &Value, path: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value, bool)> = match value {
        Value::Array(list) => {
            let may_go = list.len() > 1;
            list.iter().enumerate().map(|(index, inner)| (format!("{path}/{index}"), inner, may_go)).collect()
        }
        Value::Object(entries) => {
            let entry = |(name, inner): (&String, _)| {
                let path = format!("{path}/{}", escaped(name));
                let may_go = path.contains("/Condition") || path.starts_with("/request/context/");
                (path, inner, may_go)
            };
            entries.iter().map(entry).collect()
        }
        _ => return,
    };
    found.extend(children.iter().filter(|child| child.2).map(|child| child.0.clone()));
    for (path, inner, _) in children {
        deletable(inner, &path, found);
    }
}

fn without(case: &Value, path: &str) -> Value {
    let mut smaller = case.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    match smaller.pointer_mut(parent).unwrap() {
        Value::Array(list) => drop(list.remove(name.parse().unwrap())),
        Value::Object(entries) => drop(entries.shift_remove(&name.replace("~1", "/").replace("~0", "~"))),
        _ => unreachable!("only lists and objects have parts"),
    }
    smaller
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[test]
fn what_does_not_matter_goes() {
    let case = serde_json::json!({
        "policies": [{"Statement": [{"Action": ["a", "b"], "Condition": {"Null": {"k/x": ["true", "false"]}}}]}, 1],
        "request": {"context": {"k/x": "1", "l": "2"}},
    });
    let still = |case: &Value| case.to_string().contains("\"b\"") && case.to_string().contains("\"false\"");
    let expected = serde_json::json!({
        "policies": [{"Statement": [{"Action": ["b"], "Condition": {"Null": {"k/x": ["false"]}}}]}],
        "request": {"context": {}},
    });
    assert_eq!(shrink(case, still), expected);
}
