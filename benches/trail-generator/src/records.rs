//! Writes records, byte by byte as CloudTrail does.

use crate::catalog::{Event, Seg, Service, Tpl};
use crate::plan::{FilePlan, REGIONS};
use crate::rng::{Rng, mix2};
use crate::truth::{Truth, arns};
use crate::vars::{self, NVARS, Var};
use crate::world::{Role, World};

#[derive(Clone, Copy)]
enum Who {
    Role(usize, usize), // account, index
    User(u64),
    Service(usize),
    Account(u64),
    Root,
}
const INVOKERS: [&str; 10] = [
    "lambda.amazonaws.com",
    "ec2.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "autoscaling.amazonaws.com",
    "rds.amazonaws.com",
    "inspector2.amazonaws.com",
    "delivery.logs.amazonaws.com",
    "cloudformation.amazonaws.com",
];

pub struct Gen<'a> {
    pub w: &'a World,
    pub bound: [u64; NVARS],
}

impl Gen<'_> {
    fn tpl(&mut self, out: &mut Vec<u8>, t: &Tpl, f: &FilePlan, now: u64) {
        let Some(segs) = t else {
            out.extend(b"null");
            return;
        };
        for s in segs {
            match s {
                Seg::Lit(l) => out.extend_from_slice(l),
                Seg::Var(v) => {
                    let i = self.bound[if *v == Var::RoleP { Var::Role } else { *v } as usize];
                    vars::write(out, self.w, f.acct, REGIONS[f.region].0, now, *v, i);
                }
            }
        }
    }

    fn identity(&self, out: &mut Vec<u8>, who: Who, f: &FilePlan, sess: u64, via: Option<&str>) {
        macro_rules! put { ($($x:expr),*) => {{ $( out.extend_from_slice(AsRef::<[u8]>::as_ref(&$x)); )* }}; }
        let slot = f.time / 3600;
        match who {
            Who::Role(a, i) => {
                let r = &self.w.roles[a][i];
                let h = mix2(r.style, slot << 8 | sess);
                let name = session_name(r, h, f.time);
                put!(
                    "{\"type\":\"AssumedRole\",\"principalId\":\"",
                    r.id,
                    ":",
                    name,
                    "\",\"arn\":\"arn:aws:sts::",
                    self.w.accts[a],
                    ":assumed-role/",
                    r.name,
                    "/",
                    name,
                    "\",\"accountId\":\"",
                    self.w.accts[a],
                    "\",\"accessKeyId\":\"ASIA"
                );
                vars::chars(out, vars::AK, h, 16);
                put!(
                    "\",\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\",\"principalId\":\"",
                    r.id,
                    "\",\"arn\":\"arn:aws:iam::",
                    self.w.accts[a],
                    ":role/",
                    r.path,
                    r.name,
                    "\",\"accountId\":\"",
                    self.w.accts[a],
                    "\",\"userName\":\"",
                    r.name,
                    "\"},"
                );
                if r.style.is_multiple_of(3) {
                    put!("\"webIdFederationData\":{},");
                }
                put!("\"attributes\":{\"creationDate\":\"");
                vars::iso(out, slot * 3600 - h % 900);
                put!("Z\",\"mfaAuthenticated\":\"false\"}");
                if r.style.is_multiple_of(4) {
                    put!(",\"ec2RoleDelivery\":\"2.0\"");
                }
                put!("}");
                if let Some(v) = via {
                    put!(",\"invokedBy\":\"", v, "\"");
                }
                put!("}");
            }
            Who::User(u) => {
                let h = mix2(u, f.acct as u64);
                let mut name = vec![];
                vars::write(&mut name, self.w, f.acct, "", 0, Var::User, u);
                put!("{\"type\":\"IAMUser\",\"principalId\":\"AIDA");
                vars::chars(out, vars::AK, h, 17);
                put!(
                    "\",\"arn\":\"arn:aws:iam::",
                    self.w.accts[f.acct],
                    ":user/",
                    name,
                    "\",\"accountId\":\"",
                    self.w.accts[f.acct],
                    "\",\"accessKeyId\":\"AKIA"
                );
                vars::chars(out, vars::AK, h ^ 9, 16);
                put!("\",\"userName\":\"", name, "\"}");
            }
            Who::Service(i) => put!("{\"type\":\"AWSService\",\"invokedBy\":\"", INVOKERS[i], "\"}"),
            Who::Account(u) => {
                put!("{\"type\":\"AWSAccount\",\"principalId\":\"AROA");
                vars::chars(out, vars::AK, mix2(u, 3), 17);
                put!(
                    ":cross-account-",
                    [b'a' + (u % 26) as u8],
                    "\",\"accountId\":\"",
                    self.w.accts[(f.acct + 1) % 4],
                    "\"}"
                );
            }
            Who::Root => {
                put!(
                    "{\"type\":\"Root\",\"principalId\":\"",
                    self.w.accts[f.acct],
                    "\",\"arn\":\"arn:aws:iam::",
                    self.w.accts[f.acct],
                    ":root\",\"accountId\":\"",
                    self.w.accts[f.acct],
                    "\",\"accessKeyId\":\"ASIA"
                );
                vars::chars(out, vars::AK, mix2(5, slot), 16);
                put!("\",\"sessionContext\":{\"attributes\":{\"creationDate\":\"");
                vars::iso(out, slot * 3600);
                put!("Z\",\"mfaAuthenticated\":\"true\"}}}");
            }
        }
    }

    /// One file's events into `out`; `each` sees every event: source, name, bytes.
    pub fn file(
        &mut self,
        idx: usize,
        f: &FilePlan,
        p_target: f64,
        truth: &mut Truth,
        out: &mut Vec<u8>,
        mut each: impl FnMut(&str, &str, &[u8]),
    ) {
        macro_rules! put { ($($x:expr),*) => {{ $( out.extend_from_slice(AsRef::<[u8]>::as_ref(&$x)); )* }}; }
        let w = self.w;
        let mut r = Rng::new(mix2(w.seed ^ 0xF11E5, idx as u64));
        let p_target = if f.active { p_target } else { 0.0 };
        // A five-minute window sees a few dozen principals.
        let active: Vec<usize> = (0..4 + r.below(12)).map(|_| 1 + r.zipf(79) as usize).collect();
        put!("{\"Records\":[");
        let mut burst: Option<(Who, &Service, &Event, u64)> = None;
        for n in 0..f.events {
            if n > 0 {
                put!(",");
            }
            let begin = out.len();
            let repeat = burst.is_some() && r.chance(0.75);
            if !repeat {
                let who = if r.chance(p_target) {
                    Who::Role(0, 0)
                } else {
                    match r.f() {
                        x if x < 0.78 => Who::Role(f.acct, *r.pick(&active)),
                        x if x < 0.90 => Who::Service(r.zipf(10) as usize),
                        x if x < 0.97 => Who::User(r.zipf(20)),
                        x if x < 0.995 => Who::Account(r.zipf(12)),
                        _ => Who::Root,
                    }
                };
                let (svc, ev) = loop {
                    let s = match who {
                        Who::Role(a, i) => {
                            let l = &w.roles[a][i].services;
                            l[r.zipf(l.len() as u64) as usize]
                        }
                        Who::Service(_) => [2, 1, 1, 0][r.below(4) as usize],
                        _ => r.zipf(w.services.len() as u64) as usize,
                    };
                    let svc = &w.services[s];
                    let ev = match who {
                        Who::Service(_) if s == 2 => &svc.events[0],
                        _ => &svc.events[r.zipf(svc.events.len() as u64) as usize],
                    };
                    // Global services are logged in us-east-1 only.
                    if !ev.global || f.region == 0 || r.chance(0.02) {
                        break (svc, ev);
                    }
                };
                burst = Some((who, svc, ev, r.below(3)));
            }
            let (who, svc, ev, sess) = burst.unwrap();
            let keep = repeat && r.chance(0.8);
            for v in vars::ALL {
                // Inside a burst the caller mostly stays on the same resources.
                if !(keep && vars::POOLS[v as usize] > 0 && vars::POOLS[v as usize] < 10_000) {
                    self.bound[v as usize] = vars::draw(v, &mut r);
                }
            }
            let now = f.time - 30 - r.below(870);
            let style = match who {
                Who::Role(a, i) => w.roles[a][i].style,
                Who::User(u) => mix2(u, 77),
                _ => 1,
            };
            let via = match who {
                Who::Role(..) if sess == 2 && style % 5 == 0 => {
                    Some(*r.pick(&["cloudformation.amazonaws.com", "AWS Internal"]))
                }
                _ => None,
            };
            let v11 = style % 3 != 0;
            put!("{\"eventVersion\":\"", if v11 { "1.11" } else { "1.08" }, "\",\"userIdentity\":");
            self.identity(out, who, f, sess, via);
            put!(",\"eventTime\":\"");
            vars::iso(out, now);
            put!(
                "Z\",\"eventSource\":\"",
                svc.source,
                "\",\"eventName\":\"",
                ev.name,
                "\",\"awsRegion\":\"",
                REGIONS[f.region].0,
                "\",\"sourceIPAddress\":\""
            );
            let plain_caller = match (who, via) {
                (Who::Service(i), _) => {
                    put!(INVOKERS[i], "\",\"userAgent\":\"", INVOKERS[i]);
                    false
                }
                (_, Some(v)) => {
                    put!(v, "\",\"userAgent\":\"", v);
                    false
                }
                _ => {
                    let h = mix2(style, sess);
                    put!(["10.", "52.", "3.", "203."][(h & 3) as usize]);
                    vars::dec(out, h >> 8 & 255);
                    put!(".");
                    vars::dec(out, h >> 16 & 255);
                    put!(".");
                    vars::dec(out, h >> 24 & 255);
                    put!(
                        "\",\"userAgent\":\"",
                        crate::world::UAS[match who {
                            Who::Role(a, i) => w.roles[a][i].ua,
                            _ => (style % 10) as usize,
                        }]
                    );
                    true
                }
            };
            put!("\"");
            let error = r.chance(if keep { 0.03 } else { 0.12 });
            if error {
                self.error(out, &mut r, who, svc, ev, f);
            }
            put!(",\"requestParameters\":");
            self.tpl(out, &ev.req, f, now);
            put!(",\"responseElements\":");
            if error {
                put!("null");
            } else {
                self.tpl(out, &ev.res, f, now);
            }
            if ev.extra.is_some() {
                put!(",\"additionalEventData\":");
                self.tpl(out, &ev.extra, f, now);
            }
            put!(",\"requestID\":\"");
            if svc.source.starts_with("s3.") {
                vars::chars(out, vars::AK, r.next(), 16);
            } else {
                vars::uuid(out, r.next());
            }
            put!("\",\"eventID\":\"");
            vars::uuid(out, r.next());
            put!("\",\"readOnly\":", if ev.read_only { "true" } else { "false" });
            let mut res_at = 0..0;
            if ev.resources.is_some() {
                put!(",\"resources\":");
                let b = out.len();
                self.tpl(out, &ev.resources, f, now);
                res_at = b..out.len();
            }
            put!(
                ",\"eventType\":\"AwsApiCall\",\"managementEvent\":",
                if ev.data { "false" } else { "true" },
                ",\"recipientAccountId\":\"",
                w.accts[f.acct],
                "\""
            );
            if matches!(who, Who::Service(_) | Who::Account(_)) {
                put!(",\"sharedEventID\":\"");
                vars::uuid(out, r.next());
                put!("\"");
            }
            if style % 7 == 0 {
                put!(",\"vpcEndpointId\":\"vpce-0");
                vars::hex(out, mix2(style, 1), 16);
                put!("\",\"vpcEndpointAccountId\":\"", w.accts[f.acct], "\"");
            }
            put!(",\"eventCategory\":\"", if ev.data { "Data" } else { "Management" }, "\"");
            if plain_caller && !matches!(who, Who::Account(_)) {
                put!(
                    ",\"tlsDetails\":{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\"clientProvidedHostHeader\":\"",
                    svc.source.trim_end_matches(".amazonaws.com"),
                    ".",
                    REGIONS[f.region].0,
                    ".amazonaws.com\"}"
                );
            }
            put!("}");
            if matches!(who, Who::Role(0, 0)) {
                truth.role_events += 1;
                let x = truth.pairs.entry((svc.source, ev.name)).or_default();
                x.0 += 1;
                x.1 += error as u64;
                let set = truth.arns.entry((svc.source, ev.name)).or_default();
                for arn in arns(std::str::from_utf8(&out[res_at]).unwrap()) {
                    if !set.contains(arn) {
                        set.insert(arn.to_string());
                    }
                }
            }
            each(svc.source, ev.name, &out[begin..]);
        }
        put!("]}");
    }

    fn error(&mut self, out: &mut Vec<u8>, r: &mut Rng, who: Who, svc: &Service, ev: &Event, f: &FilePlan) {
        macro_rules! put { ($($x:expr),*) => {{ $( out.extend_from_slice(AsRef::<[u8]>::as_ref(&$x)); )* }}; }
        match r.below(10) {
            0..=3 if svc.source.starts_with("ec2.") => {
                put!(
                    ",\"errorCode\":\"Client.UnauthorizedOperation\",\"errorMessage\":\"You are not authorized to perform this operation. Encoded authorization failure message: "
                );
                vars::chars(out, vars::B64U, r.next(), 600);
                put!("\"");
            }
            0..=3 => {
                put!(",\"errorCode\":\"AccessDenied\",\"errorMessage\":\"User: ");
                match who {
                    Who::Role(a, i) => {
                        put!("arn:aws:sts::", self.w.accts[a], ":assumed-role/", self.w.roles[a][i].name, "/session")
                    }
                    _ => put!("arn:aws:iam::", self.w.accts[f.acct], ":user/someone"),
                }
                put!(
                    " is not authorized to perform: ",
                    svc.source.split('.').next().unwrap(),
                    ":",
                    ev.name,
                    " because no identity-based policy allows the ",
                    svc.source.split('.').next().unwrap(),
                    ":",
                    ev.name,
                    " action\""
                );
            }
            4..=6 => put!(",\"errorCode\":\"ThrottlingException\",\"errorMessage\":\"Rate exceeded\""),
            _ => put!(
                ",\"errorCode\":\"ResourceNotFoundException\",\"errorMessage\":\"The specified resource does not exist.\""
            ),
        }
    }
}

fn session_name(r: &Role, h: u64, time: u64) -> Vec<u8> {
    let mut n = vec![];
    match r.style % 5 {
        0 => {
            n.extend(b"i-0");
            vars::hex(&mut n, h, 16);
        }
        1 => {
            n.extend(b"botocore-session-");
            vars::dec(&mut n, time / 3600 * 3600 - h % 3600);
        }
        2 => n.extend(b"GitHubActions"),
        3 => vars::hex(&mut n, h, 32),
        _ => {
            n.extend(b"aws-go-sdk-");
            vars::dec(&mut n, (time / 3600 * 3600 - h % 3600) * 1_000_000_000 + h % 1_000_000_000);
        }
    }
    n
}
