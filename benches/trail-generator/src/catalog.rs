//! The service/event catalogue, compiled into literal and variable segments.
use crate::vars::{self, Var};

pub enum Seg {
    Lit(Box<[u8]>),
    Var(Var),
}
pub type Tpl = Option<Vec<Seg>>;
pub struct Event {
    pub name: &'static str,
    pub read_only: bool,
    pub data: bool,
    pub global: bool,
    pub req: Tpl,
    pub res: Tpl,
    pub resources: Tpl,
    pub extra: Tpl,
}
pub struct Service {
    pub source: &'static str,
    pub events: Vec<Event>,
}

fn tpl(s: &str) -> Tpl {
    let s = s.trim();
    if s == "-" {
        return None;
    }
    let s = s
        .replace("assumed-role/<role>", "assumed-\u{1}")
        .replace("role/<role>", "role/<rolep>")
        .replace("assumed-\u{1}", "assumed-role/<role>");
    let (mut out, mut rest) = (vec![], &s[..]);
    while let Some(i) = rest.find('<') {
        let j = i + rest[i..].find('>').expect("unclosed variable");
        out.push(Seg::Lit(rest[..i].as_bytes().into()));
        let name = &rest[i + 1..j];
        let k = vars::NAMES.iter().position(|n| *n == name).unwrap_or_else(|| panic!("unknown variable <{name}>"));
        out.push(Seg::Var(vars::ALL[k]));
        rest = &rest[j + 1..];
    }
    out.push(Seg::Lit(rest.as_bytes().into()));
    Some(out)
}

pub fn load() -> Vec<Service> {
    let mut out: Vec<Service> = vec![];
    for line in include_str!("catalog.txt").lines() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if let Some(source) = line.strip_prefix("@ ") {
            out.push(Service { source: source.trim(), events: vec![] });
            continue;
        }
        let f: Vec<&'static str> = line.split(" ;; ").collect();
        assert_eq!(f.len(), 6, "bad catalogue line: {line}");
        out.last_mut().unwrap().events.push(Event {
            name: f[0].trim(),
            read_only: f[1].contains('r'),
            data: f[1].contains('d'),
            global: f[1].contains('g'),
            req: tpl(f[2]),
            res: tpl(f[3]),
            resources: tpl(f[4]),
            extra: tpl(f[5]),
        });
    }
    out
}
