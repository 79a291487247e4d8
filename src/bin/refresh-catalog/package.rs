//! Reads the unpacked package into the catalogue's own values.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use trailtrim::catalog::{ActionEntry, ActionResourceType, CatalogInfo, ConditionKeyEntry, ResourceType, Service};
use trailtrim::iam::{AccessLevel, Action};

use crate::Result;

/// All that we keep of the package.
pub struct Package {
    pub info: CatalogInfo,
    pub licence: String,
    pub global_keys: Vec<ConditionKeyEntry>,
    /// By prefix: the full name and the entries.
    pub services: BTreeMap<String, (String, Service)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPackage {
    name: String,
    version: String,
    license: String,
    updated_at: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAction {
    name: String,
    access_level: String,
    resource_types: Vec<RawActionResourceType>,
    condition_keys: Vec<String>,
    dependent_actions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawActionResourceType {
    name: String,
    required: bool,
    condition_keys: Vec<String>,
    dependent_actions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawResourceType {
    key: String,
    arn: String,
    #[serde(default)]
    condition_keys: Vec<String>,
}

#[derive(Deserialize)]
struct RawConditionKey {
    key: String,
    r#type: String,
}

impl Package {
    /// Reads the package from its directory.
    pub fn read(root: &Path) -> Result<Self> {
        let raw: RawPackage = read_json(&root.join("package.json"))?;
        if raw.license != "MIT" {
            return Err(format!("the package is now under `{}`, not MIT: decide before taking it", raw.license).into());
        }
        let date = raw.updated_at.split('T').next().unwrap_or_default().to_owned();
        let data = root.join("data");
        let names: BTreeMap<String, String> = read_json(&data.join("serviceNames.json"))?;
        let mut services = BTreeMap::new();
        for prefix in read_json::<Vec<String>>(&data.join("services.json"))? {
            let name = names.get(&prefix).ok_or_else(|| format!("service `{prefix}` has no name"))?;
            let service = read_service(&data, &prefix).map_err(|error| format!("service `{prefix}`: {error}"))?;
            services.insert(prefix, (name.clone(), service));
        }
        Ok(Self {
            info: CatalogInfo { date, source: format!("{} {}", raw.name, raw.version) },
            licence: read_text(&root.join("LICENSE.txt"))?,
            global_keys: global_keys(&read_text(&root.join("dist/esm/globalConditionKeys.js"))?)?,
            services,
        })
    }
}

fn read_service(data: &Path, prefix: &str) -> Result<Service> {
    let entries = |kind: &str| data.join(kind).join(format!("{prefix}.json"));
    let keys: BTreeMap<String, RawConditionKey> = read_json(&entries("conditionKeys"))?;
    let types: BTreeMap<String, RawResourceType> = read_json(&entries("resourceTypes"))?;
    let actions: BTreeMap<String, RawAction> = read_json(&entries("actions"))?;
    let keys = keys.into_values().map(|key| ConditionKeyEntry::new(key.key, &key.r#type));
    let mut service = Service {
        condition_keys: keys.collect::<std::result::Result<_, _>>()?,
        resource_types: types.into_values().map(resource_type).collect(),
        actions: actions.into_values().map(|raw| action(prefix, raw)).collect::<Result<_>>()?,
    };
    service.sort();
    Ok(service)
}

fn resource_type(raw: RawResourceType) -> ResourceType {
    // The package joins the templates of a type that has several.
    let templates = raw.arn.split(", ").map(str::to_owned).collect();
    ResourceType::new(type_name(&raw.key), templates, key_set(raw.condition_keys))
}

fn action(prefix: &str, raw: RawAction) -> Result<ActionEntry> {
    let dependent = raw.resource_types.iter().flat_map(|kind| &kind.dependent_actions).chain(&raw.dependent_actions);
    if let Some(dependent) = dependent.into_iter().next() {
        return Err(
            format!("{} now has a dependent action, `{dependent}`: the format has no place for it", raw.name).into()
        );
    }
    let mut resource_types: Vec<ActionResourceType> = Vec::new();
    for kind in raw.resource_types {
        let name = type_name(&kind.name);
        // A few actions list a type twice.
        match resource_types.iter_mut().find(|known| known.name == name) {
            Some(known) => {
                known.required |= kind.required;
                known.condition_keys = key_set(known.condition_keys.drain(..).chain(kind.condition_keys).collect());
            }
            None => resource_types.push(ActionResourceType {
                name,
                required: kind.required,
                condition_keys: key_set(kind.condition_keys),
                corrected: false,
            }),
        }
    }
    Ok(ActionEntry {
        action: format!("{prefix}:{}", raw.name).parse::<Action>()?,
        access_level: access_level(&raw.access_level)?,
        resource_types,
        condition_keys: key_set(raw.condition_keys),
    })
}

fn access_level(text: &str) -> Result<AccessLevel> {
    Ok(match text {
        "List" => AccessLevel::List,
        "Read" => AccessLevel::Read,
        "Write" => AccessLevel::Write,
        // The package says that tagging and managing permissions are writes, too.
        "Tagging" | "Tagging, Write" => AccessLevel::Tagging,
        "Permissions management" | "Permissions management, Write" => AccessLevel::PermissionsManagement,
        _ => return Err(format!("unknown access level `{text}`").into()),
    })
}

/// The reference writes `loadbalancer/app/` but `listener/app`: the slash at the end is noise.
fn type_name(name: &str) -> String {
    name.trim_end_matches('/').to_owned()
}

/// Keys in order of name without regard to case, as the file keeps them, each once.
fn key_set(keys: Vec<String>) -> Vec<String> {
    let folded: BTreeMap<String, String> = keys.into_iter().map(|key| (key.to_ascii_lowercase(), key)).collect();
    folded.into_values().collect()
}

/// The global condition keys stand in the package's code: `key: 'aws:SourceIp', … type: 'IPAddress', …`.
fn global_keys(script: &str) -> Result<Vec<ConditionKeyEntry>> {
    let mut keys = BTreeMap::new();
    let mut last = None;
    for line in script.lines().map(str::trim) {
        let value = |name: &str| line.strip_prefix(name)?.split('\'').nth(1);
        if let Some(key) = value("key:") {
            last = Some(key.replace("/tag-key", "/${TagKey}"));
        } else if let (Some(kind), Some(key)) = (value("type:"), &last) {
            keys.insert(key.to_ascii_lowercase(), ConditionKeyEntry::new(key.clone(), kind)?);
        }
    }
    if keys.len() < 40 {
        return Err(format!("found only {} global condition keys: has their file changed its form?", keys.len()).into());
    }
    Ok(keys.into_values().collect())
}

/// Reads a JSON file.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    serde_json::from_str(&read_text(path)?).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
