//! Field paths: where in a record a value stands.
//!
//! `request.nodegroup.name` walks by key (case does not matter, lists are walked item by item, EC2's `items`/`item`
//! wrappers and `<Operation>Request` objects are stepped through). `request..vpcId` looks at any depth. Behind `|` stand
//! transforms: `response.repositoryUri|after(/)`. ` or ` gives alternatives: the first that yields a value counts.

use serde::Deserialize;

/// Alternatives of single paths.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct FieldPath {
    /// Tried in order.
    pub alternatives: Vec<SinglePath>,
    /// As the rule file has it.
    text: String,
}

impl std::fmt::Display for FieldPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// One way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinglePath {
    pub root: Root,
    pub steps: Vec<Step>,
    pub transforms: Vec<Transform>,
}

/// Which part of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// `requestParameters`
    Request,
    /// `responseElements`
    Response,
    /// The ARNs of `resources[]`.
    Resources,
    /// Fields of the record itself: `event.name`, `event.region`, `event.account`, `event.invoked_by`, `event.partition`.
    Event,
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The member of that name.
    Key(String),
    /// Members of that name at any depth.
    Deep(String),
    /// `@names`: the names of the members (DynamoDB's batches are keyed by table).
    Names,
}

/// What is done with a value before it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transform {
    /// What follows the last occurrence.
    After(String),
    /// What follows the first occurrence; nothing if there is none.
    Behind(String),
    /// What stands before the first occurrence.
    Before(String),
    /// Cut at each occurrence: several values.
    Split(String),
    /// Without that beginning, if it is there.
    Strip(String),
    /// Without that ending, if it is there.
    Trim(String),
    /// With that in front.
    Prepend(String),
    /// Only values that match the glob.
    Only(String),
    /// Only values that do not match the glob.
    Except(String),
    /// In lower case.
    Lower,
    /// Percent-decoded.
    Decode,
    /// With octal codes (`\052`) for characters that are no letter, digit, `-`, `_` or `.`; codes that are there stay.
    Octal,
    /// The n-th piece between separators, from 0.
    Piece(String, usize),
}

impl TryFrom<String> for FieldPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let alternatives = text.split(" or ").map(|one| single(one.trim())).collect::<Result<_, _>>()?;
        Ok(Self { alternatives, text })
    }
}

fn single(text: &str) -> Result<SinglePath, String> {
    let mut pieces = text.split('|');
    let mut steps = pieces.next().unwrap_or_default().split('.');
    let root = match steps.next() {
        Some("request") => Root::Request,
        Some("response") => Root::Response,
        Some("resources") => Root::Resources,
        Some("event") => Root::Event,
        _ => return Err(format!("path `{text}` must start with request, response, resources or event")),
    };
    let mut deep = false;
    let mut found = Vec::new();
    for step in steps {
        match step {
            "" => deep = true,
            "@names" => found.push(Step::Names),
            key if std::mem::take(&mut deep) => found.push(Step::Deep(key.to_owned())),
            key => found.push(Step::Key(key.to_owned())),
        }
    }
    let transforms = pieces.map(transform).collect::<Result<_, _>>()?;
    Ok(SinglePath { root, steps: found, transforms })
}

fn transform(text: &str) -> Result<Transform, String> {
    let (name, argument) = text
        .trim()
        .strip_suffix(')')
        .and_then(|t| t.split_once('('))
        .ok_or_else(|| format!("`{text}` is no transform"))?;
    let argument = argument.to_owned();
    Ok(match name {
        "after" => Transform::After(argument),
        "behind" => Transform::Behind(argument),
        "before" => Transform::Before(argument),
        "split" => Transform::Split(argument),
        "strip" => Transform::Strip(argument),
        "trim" => Transform::Trim(argument),
        "prepend" => Transform::Prepend(argument),
        "only" => Transform::Only(argument),
        "except" => Transform::Except(argument),
        "lower" => Transform::Lower,
        "decode" => Transform::Decode,
        "octal" => Transform::Octal,
        "piece" => {
            let (separator, index) =
                argument.rsplit_once(',').ok_or_else(|| format!("`{text}` needs (separator,number)"))?;
            Transform::Piece(separator.to_owned(), index.parse().map_err(|_| format!("`{index}` is no number"))?)
        }
        _ => return Err(format!("transform `{name}` is not known")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> FieldPath {
        FieldPath::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn alternatives_steps_and_transforms_are_told_apart() {
        let path = path("request.names|except(arn:*)|strip(/) or response..arn");
        let [first, second] = path.alternatives.as_slice() else { panic!("two alternatives") };
        assert_eq!(first.root, Root::Request);
        assert_eq!(first.steps, [Step::Key("names".to_owned())]);
        assert_eq!(first.transforms, [Transform::Except("arn:*".to_owned()), Transform::Strip("/".to_owned())]);
        assert_eq!((second.root, second.steps.as_slice()), (Root::Response, &[Step::Deep("arn".to_owned())][..]));
    }

    #[test]
    fn a_path_must_begin_in_the_record_and_a_transform_must_exist() {
        assert!(FieldPath::try_from("name".to_owned()).is_err());
        assert!(FieldPath::try_from("request.name|shout()".to_owned()).is_err());
        assert!(FieldPath::try_from("request.name|strip".to_owned()).is_err());
        assert!(FieldPath::try_from("request.name|piece(/,x)".to_owned()).is_err());
    }
}
