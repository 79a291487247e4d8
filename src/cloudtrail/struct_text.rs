//! Reads the text that Athena prints for a struct in a CSV file: `{type=AssumedRole, accountid=1, sessioncontext={…}}`.
//!
//! The text quotes nothing. Members are parted by a comma and a blank, which no value of `userIdentity` and `resources`
//! holds; a value ends where the next `name=` or the closing bracket comes.

use serde_json::{Map, Value};

/// The struct or list as JSON, with names as they are written there (lower case). `None` if it is neither.
pub fn read_struct(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text.trim(), depth: 0 };
    let value = reader.value()?;
    reader.rest.trim().is_empty().then_some(value)
}

struct Reader<'t> {
    rest: &'t str,
    depth: u8,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<Value> {
        match self.rest.as_bytes().first() {
            Some(b'{') => self.nested(Self::members),
            Some(b'[') => self.nested(Self::elements),
            _ => Some(self.scalar()),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Value>) -> Option<Value> {
        const DEEPEST: u8 = 16;
        self.rest = self.rest.get(1..)?;
        self.depth = self.depth.checked_add(1).filter(|depth| *depth <= DEEPEST)?;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn members(&mut self) -> Option<Value> {
        let mut members = Map::new();
        while !self.closes('}')? {
            let (name, rest) = self.rest.split_once('=')?;
            self.rest = rest;
            members.insert(name.trim().to_owned(), self.value()?);
        }
        Some(Value::Object(members))
    }

    fn elements(&mut self) -> Option<Value> {
        let mut elements = Vec::new();
        while !self.closes(']')? {
            elements.push(self.value()?);
        }
        Some(Value::Array(elements))
    }

    /// Steps over a comma or the closing bracket; whether it was the bracket.
    fn closes(&mut self, bracket: char) -> Option<bool> {
        self.rest = self.rest.trim_start_matches([',', ' ']);
        if self.rest.is_empty() {
            return None;
        }
        let behind = self.rest.strip_prefix(bracket);
        self.rest = behind.unwrap_or(self.rest);
        Some(behind.is_some())
    }

    fn scalar(&mut self) -> Value {
        let ends = [self.rest.find(", "), self.rest.find('}'), self.rest.find(']')];
        let end = ends.into_iter().flatten().min().unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        match text {
            "null" | "" => Value::Null,
            text => Value::String(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_identity_is_read() {
        let text = "{type=AssumedRole, principalid=AROAX:ci,7=x, arn=arn:aws:sts::1:assumed-role/r/ci, invokedby=null, \
                    sessioncontext={attributes={mfaauthenticated=false}, sessionissuer={type=Role, arn=arn:aws:iam::1:role/ci/r}}}";
        let expected = json!({
            "type": "AssumedRole", "principalid": "AROAX:ci,7=x", "arn": "arn:aws:sts::1:assumed-role/r/ci", "invokedby": null,
            "sessioncontext": {
                "attributes": {"mfaauthenticated": "false"},
                "sessionissuer": {"type": "Role", "arn": "arn:aws:iam::1:role/ci/r"},
            },
        });
        assert_eq!(read_struct(text), Some(expected));
    }

    #[test]
    fn lists_and_empty_structs_are_read() {
        assert_eq!(
            read_struct("[{arn=a, type=null}, {arn=b}]"),
            Some(json!([{"arn": "a", "type": null}, {"arn": "b"}]))
        );
        assert_eq!(read_struct("{}"), Some(json!({})));
        assert_eq!(read_struct("[]"), Some(json!([])));
    }

    #[test]
    fn what_is_cut_off_or_too_deep_is_refused() {
        for text in ["{a=1", "{a}", "[1", "{a=1} x", &"[".repeat(10_000)] {
            assert_eq!(read_struct(text), None, "{text:.20}");
        }
    }
}
