//! Which fields of a record may hold the value of an ARN's variable, told by their names.
//!
//! `FunctionName` is filled from `functionName`, `functionNames`, `function`, `functionArn`, `targetFunctionName` or the
//! `name` in a member `function`. A name and an id are never taken for one another: an ARN with the wrong one would allow
//! nothing, while one with a `*` works and is reported.

use crate::catalog::rules::squeeze;

/// Endings of the names of fields and variables, longest first.
const ENDINGS: [&str; 5] = ["identifier", "name", "arn", "key", "id"];

/// Names that fit a variable of any type.
pub const BARE: [&str; 4] = ["name", "id", "identifier", "resourceid"];

/// Names that say nothing of the type that they belong to.
const SAYS_NOTHING: [&str; 7] = ["name", "id", "arn", "identifier", "resourceid", "resourcename", "type"];

/// What stands in front of a name where a request names two of a type, or one seen from the other side.
const QUALIFIERS: [&str; 9] =
    ["source", "target", "destination", "owner", "shared", "parent", "existing", "original", "primary"];

/// What stands behind a type's name where a member holds the whole of one: `databaseInput`.
const WHOLES: [&str; 6] = ["", "input", "config", "configuration", "details", "specification"];

/// A variable of a resource type's ARN.
#[derive(Debug)]
pub struct Fitting {
    kind: String,
    variable: String,
    ending: &'static str,
    /// The variable that names the thing itself, not what it belongs to: `SnapshotId` of `snapshot/VolumeId/SnapshotId`.
    own: bool,
    /// The type's ARN has no other variable.
    only: bool,
}

impl Fitting {
    pub fn new(kind: &str, variable: &str, only: bool) -> Self {
        let (kind, variable) = (squeeze(kind), squeeze(variable));
        let ending = ENDINGS.into_iter().find(|end| variable.ends_with(end)).unwrap_or("");
        let stem = variable.strip_suffix(ending).unwrap_or(&variable);
        let same = !stem.is_empty() && (kind.ends_with(stem) || stem.ends_with(&kind));
        let own = only || same || SAYS_NOTHING.contains(&variable.as_str());
        Self { own, ending, only, kind, variable }
    }

    /// Whether the variable's own name says nothing of the type.
    pub fn says_nothing(&self) -> bool {
        SAYS_NOTHING.contains(&self.variable.as_str())
    }

    /// `ResourceName` and `ResourceId` stand for whatever names a type.
    fn of_any_type(&self) -> bool {
        matches!(self.variable.as_str(), "resourcename" | "resourceid")
    }

    /// The variable's own name, or the names of several.
    pub fn exact(&self, key: &str) -> bool {
        key == self.variable || singular(key) == self.variable
    }

    /// The type's name and an ending that fits.
    pub fn typed(&self, key: &str) -> bool {
        // The reference calls many a variable a name that services fill from an id, and hardly any the other way round.
        let any = |end: &str| self.agrees(end) || end == "id" && self.ending == "name" || self.of_any_type();
        let ends = |end: &str| end == self.ending || end == "arn" || self.only && is_ending(end) && any(end);
        self.own && [key, singular(key)].into_iter().any(|key| key.strip_prefix(self.kind.as_str()).is_some_and(ends))
    }

    /// A name or id of whatever the call is on. `any_id`: ids do not tell their types.
    pub fn bare(&self, key: &str, any_id: bool) -> bool {
        self.own
            && match key {
                "name" => self.ending == "name",
                "id" => matches!(self.ending, "id" | "identifier"),
                "resourceid" => self.ending == "id" && any_id,
                key => key == "identifier",
            }
    }

    /// The same name with another ending that agrees, or with a word in front that tells which of two is meant.
    pub fn loose(&self, key: &str) -> bool {
        if self.says_nothing() {
            return false;
        }
        let key = singular(key);
        let qualified = QUALIFIERS.iter().any(|word| key.strip_prefix(word) == Some(&self.variable));
        let (stem, ending) = split(key);
        let (own, _) = split(&self.variable);
        qualified || !own.is_empty() && stem == own && self.agrees(ending)
    }

    fn agrees(&self, ending: &str) -> bool {
        let open = |end: &str| matches!(end, "" | "identifier" | "arn");
        ending == self.ending || is_ending(ending) && (open(ending) || open(self.ending))
    }

    /// A name or an id in a member that holds one of the type.
    pub fn inside(&self, parent: &str, key: &str) -> bool {
        let fits = match key {
            "name" => matches!(self.ending, "name" | ""),
            "id" => matches!(self.ending, "id" | "identifier" | ""),
            key => key == "identifier",
        };
        fits && WHOLES.iter().any(|end| parent.strip_suffix(end).is_some_and(|parent| singular(parent) == self.kind))
    }

    /// All names of fields, and of members that hold them, which any of these accepts.
    pub fn names(&self) -> Vec<String> {
        let (own, _) = split(&self.variable);
        let ends = ["", "name", "id", "identifier", "key", "arn"];
        let typed = ends.iter().map(|end| format!("{}{end}", self.kind));
        let loose = ends.iter().filter(|_| !own.is_empty() && !self.says_nothing()).map(|end| format!("{own}{end}"));
        let qualified = QUALIFIERS.iter().map(|word| format!("{word}{}", self.variable));
        let wholes = WHOLES.iter().map(|end| format!("{}{end}", self.kind));
        let names = typed.chain(loose).chain(qualified).chain(wholes).chain([self.variable.clone()]);
        names.flat_map(|name| [format!("{name}s"), name]).collect()
    }
}

fn is_ending(text: &str) -> bool {
    text.is_empty() || ENDINGS.contains(&text)
}

/// One of several: without the `s` at the end.
fn singular(key: &str) -> &str {
    key.strip_suffix('s').filter(|rest| !rest.ends_with('s')).unwrap_or(key)
}

/// A name and its ending.
fn split(name: &str) -> (&str, &str) {
    let found = ENDINGS.into_iter().find_map(|end| Some((name.strip_suffix(end)?, end)));
    found.unwrap_or((name, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_is_one() {
        let name = Fitting::new("domain", "DomainName", true);
        assert!(name.exact("domainnames") && name.exact("domainname"));
        assert!(name.typed("domains") && name.typed("domain"));
        assert!(!Fitting::new("alias", "Alias", true).exact("alia"));
    }

    #[test]
    fn a_name_is_never_taken_for_an_id() {
        let id = Fitting::new("apis", "GraphQLAPIId", false);
        assert!(id.loose("graphqlapi") && id.loose("graphqlapiidentifier"));
        assert!(!id.loose("graphqlapiname"));
        assert!(!Fitting::new("thing", "Name", true).loose("name"));
    }

    #[test]
    fn what_a_thing_belongs_to_is_not_filled_from_its_own_field() {
        let volume = Fitting::new("snapshot", "VolumeId", false);
        assert!(!volume.typed("snapshotid") && !volume.bare("id", true));
        let own = Fitting::new("snapshot", "SnapshotId", false);
        assert!(own.typed("snapshotid") && own.bare("id", true));
        assert!(!Fitting::new("backup-plan", "BackupPlanId", true).typed("backupplanname"));
        assert!(Fitting::new("cluster", "CloudHsmClusterInstanceName", true).typed("clusterid"));
        assert!(Fitting::new("policy", "ResourceName", true).typed("policyid"));
    }

    #[test]
    fn a_word_in_front_tells_which_of_two() {
        let id = Fitting::new("file-system", "FileSystemId", true);
        assert!(id.loose("sourcefilesystemid") && !id.loose("otherfilesystemid"));
    }

    #[test]
    fn a_member_named_after_the_type_holds_its_name() {
        let name = Fitting::new("database", "DatabaseName", false);
        assert!(name.inside("databaseinput", "name") && name.inside("database", "name"));
        assert!(!name.inside("databaseinput", "id") && !name.inside("table", "name"));
    }

    #[test]
    fn what_is_accepted_is_among_the_names() {
        let name = Fitting::new("database", "DatabaseName", false);
        for key in ["databasename", "databasenames", "database", "sourcedatabasename", "databaseinput", "databasearn"] {
            assert!(name.names().iter().any(|one| one == key), "{key}");
        }
    }
}
