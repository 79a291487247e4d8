//! The report's shape is the one that `docs/report.schema.json` promises.

use serde_json::Value;

use super::samples;
use super::{Format, Style};

fn schema() -> jsonschema::Validator {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json")).unwrap();
    jsonschema::options().should_validate_formats(true).build(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn report() -> Value {
    serde_json::from_str(&Format::Json.renderer(Style::Plain).render(&samples::hostile()).unwrap()).unwrap()
}

#[test]
fn the_report_is_valid_and_begins_with_its_version() {
    let report = report();
    let problems: Vec<String> =
        schema().iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!(report.as_object().unwrap().keys().next().unwrap(), "schema_version");
}

#[test]
fn the_schema_knows_every_field_and_wants_every_field() {
    let schema = schema();
    for pointer in [
        "",
        "/grants/0",
        "/coverage",
        "/coverage/denied/0",
        "/policies/0",
        "/scope",
        "/services/0",
        "/activity/0",
        "/paths/0",
        "/paths/0/steps/0",
        "/comparison",
        "/comparison/narrowed/0",
        "/comparison/narrowed/0/example",
        "/inputs/0",
        "/findings/0",
        "/findings/0/place",
    ] {
        let mut more = report();
        more.pointer_mut(pointer).unwrap()["surprise"] = Value::Null;
        assert!(!schema.is_valid(&more), "one field more at `{pointer}`");
        let fields: Vec<String> = report().pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
        for field in fields {
            let mut less = report();
            less.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(&field);
            assert!(!schema.is_valid(&less), "without `{field}` at `{pointer}`");
        }
    }
}
