//! The page in a browser: it loads without errors or requests, filters, opens, and can be found one's way in.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Scenario, trailtrim};

/// Loads the page in a frame, works it, and leaves what it saw in its own body.
const HARNESS: &str = r#"<!doctype html><meta charset="utf-8"><body><iframe id="frame" src="page.html" width="1200" height="900"></iframe><script>
addEventListener("load", () => {
  const inside = document.getElementById("frame").contentWindow, page = inside.document, all = (what) => [...page.querySelectorAll(what)];
  const lines = all("[data-f]"), field = page.getElementById("find"), shown = () => lines.filter((line) => !line.hidden);
  const type = (text) => { field.value = text; field.dispatchEvent(new inside.Event("input")); };
  const seen = { script: page.documentElement.classList.contains("js"), lines: lines.length };
  type("EKS:createcluster");
  seen.filtered = shown().length;
  seen.matching = lines.filter((line) => line.textContent.toLowerCase().includes("eks:createcluster")).length;
  seen.told = page.getElementById("told").textContent;
  seen.visible = shown().filter((line) => line.getClientRects().length > 0).length;
  type("no such thing anywhere");
  seen.nothing = shown().length;
  field.dispatchEvent(new inside.KeyboardEvent("keydown", { key: "Escape" }));
  seen.again = shown().length;
  page.getElementById("toggle").click();
  seen.open = all("details").every((one) => one.open);
  page.getElementById("toggle").click();
  seen.closed = all("details").every((one) => !one.open);
  const link = page.querySelector(".doc a");
  if (link) {
    inside.location.hash = link.getAttribute("href");
    inside.dispatchEvent(new inside.HashChangeEvent("hashchange"));
    seen.revealed = page.querySelector(link.getAttribute("href")).getClientRects().length > 0;
  }
  seen.requests = inside.performance.getEntriesByType("resource").length;
  seen.landmarks = ["header", "nav", "main", "footer", "search"].map((what) => all(what).length);
  seen.titles = all("main > section").every((one) => page.getElementById(one.getAttribute("aria-labelledby")));
  seen.reachable = all(".scroll, .doc").every((one) => one.tabIndex === 0 && one.getAttribute("aria-label"));
  seen.named = all("input, button, meter, svg[role=img]").every((one) =>
    one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.length);
  seen.twice = all("[id]").length - new Set(all("[id]").map((one) => one.id)).size;
  seen.overflow = page.documentElement.scrollWidth - page.documentElement.clientWidth;
  document.body.innerHTML = "<pre>" + JSON.stringify(seen) + "</pre>";
});
</script>"#;

/// What the harness saw of a page, and what the browser complained of; `None` without a browser.
fn seen(page: &str) -> Option<(Value, String)> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("page.html"), page).unwrap();
    std::fs::write(folder.path().join("harness.html"), HARNESS).unwrap();
    let output = browser(folder.path())?.output().unwrap();
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr);
    let complaints: Vec<&str> = complaints.lines().filter(|line| line.contains("CONSOLE")).collect();
    let json = dom.split("<pre>").nth(1).and_then(|rest| rest.split("</pre>").next());
    assert!(json.is_some(), "the harness did not end: {dom:.500}");
    let json = json.unwrap_or_default().replace("&amp;", "&");
    Some((serde_json::from_str(&json).unwrap(), complaints.join("\n")))
}

fn browser(folder: &Path) -> Option<Command> {
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
        let run = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        run.is_ok_and(|status| status.success())
    })?;
    let mut command = Command::new(found);
    command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]);
    // The harness may look into its frame; the page itself is loaded as it is.
    command.args(["--disable-web-security", "--allow-file-access-from-files", "--virtual-time-budget=8000"]);
    command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
    command.arg(format!("file://{}", folder.join("harness.html").display()));
    Some(command)
}

fn check(page: &str) -> bool {
    let Some((seen, complaints)) = seen(page) else { return false };
    assert_eq!(complaints, "");
    assert_eq!(seen["script"], true, "{seen:#}");
    let lines = seen["lines"].as_u64().unwrap();
    let filtered = seen["filtered"].as_u64().unwrap();
    assert!(filtered > 0 && filtered < lines, "{seen:#}");
    assert_eq!(seen["filtered"], seen["matching"], "{seen:#}");
    assert_eq!(seen["filtered"], seen["visible"], "{seen:#}");
    assert_eq!(seen["told"], format!("{filtered} of {lines} lines"));
    assert_eq!((&seen["nothing"], &seen["again"]), (&Value::from(0), &Value::from(lines)), "{seen:#}");
    for yes in ["open", "closed", "titles", "reachable", "named"] {
        assert_eq!(seen[yes], true, "{yes}: {seen:#}");
    }
    assert_ne!(seen["revealed"], false, "{seen:#}");
    for none in ["requests", "twice", "overflow"] {
        assert_eq!(seen[none], 0, "{none}: {seen:#}");
    }
    assert_eq!(seen["landmarks"], serde_json::json!([1, 1, 1, 1, 1]), "{seen:#}");
    true
}

#[test]
fn the_page_works_in_a_browser_without_errors_or_requests() {
    let generated = Scenario::named("eks-terraform").generate(&["--format", "html"]).stdout();
    if !check(&generated) {
        return eprintln!("SKIPPED: no chromium here");
    }
    let events = "fixtures/scenarios/eks-addon-denied/events";
    let seed = ["--policy", "fixtures/policies/seed.json", "--now", "2026-11-20", "--no-config", "--exit-zero"];
    let audit = ["audit", events, "--role", "eks-runner", "--format", "html"];
    check(&trailtrim(audit.iter().chain(&seed)).stdout());
}

/// The relative luminance of a colour, as WCAG 2 has it.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.039_28 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[test]
fn every_text_stands_out_in_light_and_dark() {
    let css = std::fs::read_to_string(crate::support::repository().join("src/report/templates/page.css")).unwrap();
    let palettes: Vec<&str> = css.split(":root {").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    assert_eq!(palettes.len(), 2);
    for palette in palettes {
        let colour = |name: &str| {
            let value = palette.split(&format!("--{name}: ")).nth(1).unwrap_or_else(|| panic!("{name}"));
            value.split(';').next().unwrap()
        };
        let pairs = [
            ("text", "page"),
            ("text", "soft"),
            ("muted", "page"),
            ("muted", "soft"),
            ("accent", "page"),
            ("good", "good-soft"),
            ("warn", "warn-soft"),
            ("bad", "bad-soft"),
            ("text", "good-soft"),
            ("text", "warn-soft"),
            ("text", "bad-soft"),
            ("bad", "soft"),
            ("pale", "q1"),
            ("pale", "q2"),
            ("dark", "q4"),
            ("dark", "q5"),
        ];
        for (text, ground) in pairs {
            let (one, other) = (luminance(colour(text)), luminance(colour(ground)));
            let ratio = (one.max(other) + 0.05) / (one.min(other) + 0.05);
            assert!(ratio >= 4.5, "{text} on {ground}: {ratio:.2}");
        }
    }
}
