//! Template variables: names of resources drawn from per-account pools (Zipf)
//! and fresh random identifiers.
use crate::rng::{Rng, mix2};
use crate::world::World;

macro_rules! kinds {
    ($($id:ident $name:literal $pool:expr),* $(,)?) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        #[allow(non_camel_case_types)]
        pub enum Var { $($id),* }
        pub const NVARS: usize = [$($name),*].len();
        pub const NAMES: [&str; NVARS] = [$($name),*];
        /// Pool size; 0 = a fresh random value in every event.
        pub const POOLS: [u64; NVARS] = [$($pool),*];
        pub const ALL: [Var; NVARS] = [$(Var::$id),*];
    };
}
kinds! {
    Acct "acct" 1, Region "region" 1,
    Bucket "bucket" 40, Key "key" 2_000_000, Prefix "prefix" 400, Table "table" 30, Fn "fn" 60,
    Queue "queue" 30, Topic "topic" 20, Inst "inst" 400, Vpc "vpc" 3, Subnet "subnet" 12, Sg "sg" 40,
    Vol "vol" 500, Ami "ami" 20, Eni "eni" 0, Role "role" 80, RoleP "rolep" 80, User "user" 20,
    Pol "pol" 40, Secret "secret" 60, Param "param" 120, Kms "kms" 12, Lg "lg" 100, Ls "ls" 0,
    Svc "svc" 40, Cluster "cluster" 4, Repo "repo" 30, Stack "stack" 40, Db "db" 15,
    Stream "stream" 12, Sm "sm" 10, Rule "rule" 30, Alarm "alarm" 80, Cert "cert" 10, Zone "zone" 5,
    Dist "dist" 5, Api "api" 8, Pool "pool" 3, Proj "proj" 15, Pipe "pipe" 10,
    Uuid "uuid" 0, Uuid2 "uuid2" 0, Hex16 "hex16" 400, Hex17 "hex17" 400, Hex24 "hex24" 300,
    Hex32 "hex32" 200, Hex40 "hex40" 300, B64Id "b64id" 0, B64Sha "b64sha" 0, Token "token" 0, Tok "tok" 0,
    Akid "akid" 300, Sess "sess" 60, Int "int" 0, Int3 "int3" 200, Oct "oct" 250, Oct2 "oct2" 250,
    Ts12 "ts12" 0, Date "date" 0,
}

const WORDS: [&str; 40] = [
    "orders",
    "billing",
    "checkout",
    "catalog",
    "search",
    "inventory",
    "payments",
    "ledger",
    "users",
    "sessions",
    "gateway",
    "notify",
    "mailer",
    "reports",
    "metrics",
    "ingest",
    "export",
    "pricing",
    "shipping",
    "returns",
    "auth",
    "profile",
    "media",
    "thumbs",
    "events",
    "audit",
    "recs",
    "fraud",
    "risk",
    "kyc",
    "docs",
    "chat",
    "feed",
    "ads",
    "geo",
    "sync",
    "jobs",
    "webhooks",
    "tax",
    "loyalty",
];
const ENVS: [&str; 4] = ["prod", "stage", "dev", "shared"];
const TIERS: [&str; 6] = ["api", "worker", "web", "cron", "stream", "admin"];

pub fn hex(out: &mut Vec<u8>, mut h: u64, n: usize) {
    for i in 0..n {
        if i > 0 && i % 16 == 0 {
            h = mix2(h, i as u64);
        }
        out.push(b"0123456789abcdef"[(h >> ((i % 16) * 4)) as usize & 15]);
    }
}
pub fn chars(out: &mut Vec<u8>, set: &[u8], mut h: u64, n: usize) {
    for i in 0..n {
        if i % 10 == 0 {
            h = mix2(h, i as u64);
        }
        out.push(set[((h >> ((i % 10) * 6)) & 63) as usize % set.len()]);
    }
}
pub const B64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub const B64U: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
pub const AK: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
pub fn uuid(out: &mut Vec<u8>, h: u64) {
    let g = mix2(h, 7);
    hex(out, h, 8);
    out.push(b'-');
    hex(out, h >> 32, 4);
    out.extend(b"-4");
    hex(out, h >> 48, 3);
    out.push(b'-');
    out.push(b"89ab"[(g & 3) as usize]);
    hex(out, g >> 2, 3);
    out.push(b'-');
    hex(out, g >> 14, 12);
}
pub fn dec(out: &mut Vec<u8>, n: u64) {
    let mut b = [0u8; 20];
    let (mut i, mut n) = (20, n);
    loop {
        i -= 1;
        b[i] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend(&b[i..]);
}
pub fn two(out: &mut Vec<u8>, n: u64) {
    out.push(b'0' + (n / 10 % 10) as u8);
    out.push(b'0' + (n % 10) as u8);
}
/// Civil date of a Unix time: (year, month, day).
pub fn civil(t: u64) -> (u64, u64, u64) {
    let z = (t / 86400) as i64 + 719468;
    let era = z / 146097;
    let doe = z - era * 146097;
    let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = doy - (153 * mp + 2) / 5 + 1;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    ((yoe + era * 400 + (m <= 2) as i64) as u64, m as u64, d as u64)
}
pub fn iso(out: &mut Vec<u8>, t: u64) {
    let (y, m, d) = civil(t);
    dec(out, y);
    out.push(b'-');
    two(out, m);
    out.push(b'-');
    two(out, d);
    out.push(b'T');
    two(out, t / 3600 % 24);
    out.push(b':');
    two(out, t / 60 % 60);
    out.push(b':');
    two(out, t % 60);
}
const MON: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Draw an index for a variable.
pub fn draw(v: Var, r: &mut Rng) -> u64 {
    match POOLS[v as usize] {
        0 => r.next() >> 1,
        n => r.zipf(n),
    }
}

/// Write the value of variable `v` with index `i` as seen in account `a`.
pub fn write(out: &mut Vec<u8>, w: &World, a: usize, region: &str, now: u64, v: Var, i: u64) {
    let h = mix2(w.seed ^ ((v as u64) << 8) ^ a as u64, i);
    let word = WORDS[(h % 40) as usize];
    let word2 = WORDS[((h >> 8) % 40) as usize];
    let env = ENVS[((h >> 16) % 4) as usize];
    let tier = TIERS[((h >> 24) % 6) as usize];
    macro_rules! put { ($($x:expr),*) => {{ $( out.extend_from_slice(AsRef::<[u8]>::as_ref(&$x)); )* }}; }
    match v {
        Var::Acct => put!(w.accts[a]),
        Var::Region => put!(region),
        Var::Bucket => {
            put!("acme-", env, "-", word, "-", ["data", "logs", "artifacts", "assets"][(h >> 32) as usize % 4], "-");
            dec(out, i);
        }
        Var::Key => {
            put!(word, "/", ["raw", "curated", "tmp", "uploads"][(h >> 32) as usize % 4], "/dt=2026-0");
            dec(out, 1 + (h >> 34) % 9);
            put!("-");
            two(out, 1 + (h >> 38) % 28);
            if i.is_multiple_of(997) {
                // Keys may hold any Unicode and characters that JSON escapes.
                put!("/r\u{e9}sum\u{e9} \\\"final\\\" \\u0026 co");
            }
            put!("/part-");
            hex(out, h >> 3, 8);
            put!([".parquet", ".json.gz", ".csv", ".avro"][(h >> 44) as usize % 4]);
        }
        Var::Prefix => put!(word, "/", word2, "/"),
        Var::Table => put!(word, "-", env, "-", word2),
        Var::Fn => put!(word, "-", tier, "-", env, "-", word2),
        Var::Queue => put!(env, "-", word, "-", tier, ["", "-dlq", ".fifo"][(h >> 32) as usize % 3]),
        Var::Topic => put!(env, "-", word, "-alerts"),
        Var::Inst => {
            put!("i-0");
            hex(out, h, 16);
        }
        Var::Vpc => {
            put!("vpc-0");
            hex(out, h, 16);
        }
        Var::Subnet => {
            put!("subnet-0");
            hex(out, h, 16);
        }
        Var::Sg => {
            put!("sg-0");
            hex(out, h, 16);
        }
        Var::Vol => {
            put!("vol-0");
            hex(out, h, 16);
        }
        Var::Ami => {
            put!("ami-0");
            hex(out, h, 16);
        }
        Var::Eni => {
            put!("eni-0");
            hex(out, h, 16);
        }
        Var::Role => put!(w.roles[a][i as usize % w.roles[a].len()].name),
        Var::RoleP => {
            let r = &w.roles[a][i as usize % w.roles[a].len()];
            put!(r.path, r.name);
        }
        Var::User => {
            put!(["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"][i as usize % 8], ".", word)
        }
        Var::Pol => put!(word, "-", tier, "-access"),
        Var::Secret => {
            put!(env, "/", word, "/", tier, "-");
            chars(out, B64, h | 1, 6);
        }
        Var::Param => {
            put!("/", env, "/", word, "/", tier, "/", ["db_url", "api_key", "flags", "version"][(h >> 32) as usize % 4])
        }
        Var::Kms | Var::Cert | Var::Uuid | Var::Uuid2 => uuid(out, h),
        Var::Lg => {
            put!("/aws/", ["lambda", "ecs", "eks", "rds"][(h >> 32) as usize % 4], "/", env, "-", word, "-", tier)
        }
        Var::Ls => {
            put!("2026/08/01/[$LATEST]");
            hex(out, h, 32);
        }
        Var::Svc => put!(word, "-", tier),
        Var::Cluster => put!(env, "-cluster"),
        Var::Repo => put!("acme/", word, "-", tier),
        Var::Stack => put!(env, "-", word, "-", tier, "-stack"),
        Var::Db => put!(word, "_", env),
        Var::Stream => put!(env, "-", word, "-stream"),
        Var::Sm => put!(word, "-", tier, "-flow"),
        Var::Rule => put!(env, "-", word, "-every-5m"),
        Var::Alarm => put!(env, "-", word, "-", tier, "-cpu-high"),
        Var::Zone => {
            put!("Z0");
            chars(out, AK, h, 18);
        }
        Var::Dist => {
            put!("E");
            chars(out, AK, h, 13);
        }
        Var::Api => chars(out, b"abcdefghijklmnopqrstuvwxyz0123456789", h, 10),
        Var::Pool => {
            put!(region, "_");
            chars(out, B64, h | 2, 9);
        }
        Var::Proj => put!(word, "-", tier, "-build"),
        Var::Pipe => put!(word, "-", tier, "-pipeline"),
        Var::Hex16 => hex(out, h, 16),
        Var::Hex17 => hex(out, h, 17),
        Var::Hex24 => hex(out, h, 24),
        Var::Hex32 => hex(out, h, 32),
        Var::Hex40 => hex(out, h, 40),
        Var::B64Id => {
            chars(out, B64, h, 75);
            put!("=");
        }
        Var::B64Sha => {
            chars(out, B64, h, 43);
            put!("=");
        }
        Var::Token => {
            put!("IQoJb3JpZ2luX2VjE");
            chars(out, B64, h, 360 + (h % 5) as usize * 40);
            put!("==");
        }
        Var::Tok => chars(out, B64, h, 60 + (h % 7) as usize * 20),
        Var::Akid => chars(out, AK, h, 16),
        Var::Sess => {
            put!(["botocore-session-17855424", "aws-go-sdk-17855424", "deploy-", "eks-"][(h & 3) as usize], word)
        }
        Var::Int => dec(out, h % 10_000_000),
        Var::Int3 => dec(out, 1 + h % 400),
        Var::Oct | Var::Oct2 => dec(out, 1 + h % 250),
        Var::Ts12 => {
            let (y, m, d) = civil(now + 3600);
            put!(MON[m as usize - 1], " ");
            dec(out, d);
            put!(", ");
            dec(out, y);
            put!(", ");
            dec(out, now / 3600 % 12 + 1);
            put!(":");
            two(out, now / 60 % 60);
            put!(":");
            two(out, now % 60);
            put!(" PM");
        }
        Var::Date => iso(out, now),
    }
}
