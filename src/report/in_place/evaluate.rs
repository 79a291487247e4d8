//! What an expression of Terraform evaluates to, as far as that can be known from the file and our own parameters.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::template::Element;
use serde_json::{Map, Value};

use crate::report::parameters::{Parameter, Parameters};
use crate::report::terraform::reference;

/// The value, or where the part stands whose value can't be known.
pub(super) fn value(expression: &Expression, text: &str, parameters: &Parameters) -> Result<Value, Range<usize>> {
    let unknown = || expression.span().unwrap_or_default();
    match expression {
        Expression::String(string) => Ok(Value::String(string.as_str().to_owned())),
        Expression::StringTemplate(template) => {
            let parts = template.iter().map(|element| part(element, text, parameters).ok_or_else(unknown));
            Ok(Value::String(parts.collect::<Result<String, _>>()?))
        }
        Expression::Array(items) => {
            items.iter().map(|item| value(item, text, parameters)).collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        Expression::Object(entries) => {
            let mut object = Map::new();
            for (key, entry) in entries {
                let key = match key {
                    ObjectKey::Ident(name) => name.as_str().to_owned(),
                    ObjectKey::Expression(key) => match value(key, text, parameters)? {
                        Value::String(key) => key,
                        _ => return Err(unknown()),
                    },
                };
                object.insert(key, value(entry.expr(), text, parameters)?);
            }
            Ok(Value::Object(object))
        }
        Expression::Parenthesis(inner) => value(inner.inner(), text, parameters),
        Expression::Bool(known) => Ok(Value::Bool(*known.value())),
        _ => {
            let written = text.get(unknown()).unwrap_or_default().trim();
            known(written, parameters).map(Value::String).ok_or_else(unknown)
        }
    }
}

pub(super) fn part(element: &Element, text: &str, parameters: &Parameters) -> Option<String> {
    match element {
        Element::Literal(literal) => Some(literal.as_str().to_owned()),
        Element::Interpolation(inner) => known(text.get(inner.expr.span()?)?.trim(), parameters),
        Element::Directive(_) => None,
    }
}

/// The value behind a reference to one of the parameters.
fn known(written: &str, parameters: &Parameters) -> Option<String> {
    let fixed = [Parameter::Account, Parameter::Region, Parameter::Partition];
    let named = parameters.named.keys().map(|name| Parameter::Named(name));
    let found = fixed.into_iter().chain(named).find(|parameter| reference(*parameter) == written)?;
    Some(parameters.value(found).to_owned()).filter(|value| !value.is_empty())
}
