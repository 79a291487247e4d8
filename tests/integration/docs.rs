//! What the documentation says is so: its commands run, its paths exist, its tables are whole.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use trailtrim::cli::{ExitStatus, definition};

use crate::support::{formats, repository, script, trailtrim};

/// Every page for users, with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = vec![repository().join("README.md")];
    for folder in ["docs/src", "docs/src/guide", "docs/src/concepts", "docs/src/reference"] {
        let entries = fs::read_dir(repository().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    pages.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The lines of fenced blocks of a language.
fn fenced<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let mut lines = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(tag) => inside = tag == language,
            None if inside => lines.push(line),
            None => {}
        }
    }
    lines
}

#[test]
fn every_command_runs() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["fixtures", "examples"] {
        std::os::unix::fs::symlink(repository().join(name), folder.path().join(name)).unwrap();
    }
    let mut run = 0;
    for (page, text) in pages() {
        for line in fenced(&text, "sh").into_iter().filter(|line| !line.trim().is_empty()) {
            run += 1;
            // A build without AWS's clients knows no remote source.
            if !cfg!(feature = "aws") && line.contains("athena://") {
                continue;
            }
            let built = "cargo run --release --no-default-features -- ";
            let arguments = line.strip_prefix("trailtrim ").or_else(|| line.strip_prefix(built));
            let command = match arguments {
                // Quotes are for the shell, and stand around single words here.
                Some(arguments) => trailtrim(arguments.split_whitespace().map(|word| word.trim_matches('\''))),
                None if line.starts_with("examples/scripts/") => script(line),
                None => {
                    assert_eq!(line, "cargo test --locked", "{}", page.display());
                    continue;
                }
            };
            let run = command.directory(folder.path()).finish();
            assert_eq!(run.status(), Some(0), "{}: {line}\n{}", page.display(), run.stderr());
        }
    }
    assert!(run >= 8, "the commands are gone");
}

#[test]
fn the_readme_has_two_commands() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    assert_eq!(fenced(&readme, "sh").len(), 2);
    let ci = fs::read_to_string(repository().join(".ci/run")).unwrap();
    assert!(ci.contains("\ncargo test --locked\n"), "CI runs the README's test command");
}

#[test]
fn every_page_is_in_the_summary_and_every_link_leads_somewhere() {
    let summary = fs::read_to_string(repository().join("docs/src/SUMMARY.md")).unwrap();
    for (page, text) in pages() {
        let folder = page.parent().unwrap();
        for link in links(&text).filter(|link| !link.starts_with("http")) {
            let file = link.split('#').next().unwrap();
            assert!(folder.join(file).exists(), "{}: {link}", page.display());
        }
        if let Ok(inside) = page.strip_prefix(repository().join("docs/src")) {
            assert!(
                inside == Path::new("SUMMARY.md") || summary.contains(&format!("({})", inside.display())),
                "{}",
                inside.display()
            );
        }
    }
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

#[test]
fn paths_that_the_architecture_names_exist() {
    let text = fs::read_to_string(repository().join("docs/architecture.md")).unwrap();
    let spans: BTreeSet<&str> = text.split('`').skip(1).step_by(2).filter(|span| span.contains('/')).collect();
    assert!(spans.len() > 15, "the paths are gone");
    for path in spans {
        assert!(repository().join(path).exists(), "{path}");
    }
}

#[test]
fn the_table_of_exit_statuses_is_the_enum() {
    let text = fs::read_to_string(repository().join("docs/src/reference/exit-status.md")).unwrap();
    let rows: Vec<&str> =
        text.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()).collect();
    let expected: Vec<String> =
        ExitStatus::ALL.iter().map(|status| format!("| {} | {} |", status.code(), status.meaning())).collect();
    assert_eq!(rows, expected);
}

#[test]
fn the_table_of_formats_has_each_of_them() {
    let text = fs::read_to_string(repository().join("docs/src/reference/formats.md")).unwrap();
    for format in formats() {
        assert!(text.contains(&format!("| `{format}` |")), "{format}");
    }
}

/// The page holds the help of each command; to bring it up to date, run with `TRAILTRIM_UPDATE_DOCS=1`.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test asks for its own switch")]
fn the_help_in_the_book_is_current() {
    let mut page = String::from("# Commands\n\nWhat `trailtrim help COMMAND` says.\n");
    let mut program = definition();
    program.build();
    let names = program.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help");
    for name in names {
        let help = trailtrim([name, "--help"]).stdout();
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        page.push_str(&format!("\n## trailtrim {name}\n\n```text\n{}\n```\n", help.join("\n")));
    }
    let path = repository().join("docs/src/reference/commands.md");
    if std::env::var_os("TRAILTRIM_UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "run `TRAILTRIM_UPDATE_DOCS=1 cargo test --test integration help_in_the_book`");
}
