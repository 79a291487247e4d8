//! Accounts, roles and services: who could act, and with what.

use crate::catalog::{self, Service};
use crate::rng::{Rng, mix2};
use crate::vars;

pub const ACCTS: [(&str, f64); 4] =
    [("123456789012", 0.5), ("210987654321", 0.25), ("345678901234", 0.15), ("456789012345", 0.1)];
/// The role whose calls are known. Others have names like it: see [`build`].
pub const TARGET: &str = "arn:aws:iam::123456789012:role/ci/deploy-runner";

pub struct Role {
    pub name: String,
    pub path: &'static str,
    pub id: String,
    pub ua: usize,
    pub style: u64,
    pub services: Vec<usize>,
}
pub struct World {
    pub seed: u64,
    pub accts: Vec<&'static str>,
    pub roles: Vec<Vec<Role>>,
    pub services: Vec<Service>,
}

pub const UAS: [&str; 10] = [
    "aws-sdk-go-v2/1.32.6 os/linux lang/go#1.23.4 md/GOOS#linux md/GOARCH#amd64 api/ec2#1.198.1",
    "Boto3/1.36.2 md/Botocore#1.36.2 ua/2.0 os/linux#6.1.119-129.201.amzn2023.x86_64 md/arch#x86_64 lang/python#3.12.8 md/pyimpl#CPython exec-env/AWS_Lambda_python3.12 cfg/retry-mode#legacy Botocore/1.36.2",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-aws/5.82.2 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.32.7 ua/2.1 os/linux lang/go#1.23.3 md/GOOS#linux md/GOARCH#amd64 api/iam#1.38.3",
    "aws-cli/2.22.35 md/awscrt#0.23.4 ua/2.0 os/linux#6.8.0-1021-aws md/arch#x86_64 lang/python#3.12.6 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#s3.cp",
    "aws-sdk-java/2.29.45 md/io#sync md/http#Apache ua/2.1 os/Linux#5.10.230 lang/java#21.0.5 md/OpenJDK_64-Bit_Server_VM#21.0.5+11-LTS md/vendor#Amazon.com_Inc. md/en_US exec-env/AWS_ECS_FARGATE m/D",
    "aws-sdk-js/3.726.1 ua/2.1 os/linux#5.10.230-223.885.amzn2.x86_64 lang/js md/nodejs#20.18.1 api/dynamodb#3.726.1 exec-env/AWS_Lambda_nodejs20.x m/E",
    "aws-sdk-go/1.55.5 (go1.22.7; linux; amd64) amazon-ssm-agent/3.3.2299.0",
    "[aws-sdk-java/1.12.780 Linux/5.10.230 OpenJDK_64-Bit_Server_VM/17.0.13+11-LTS java/17.0.13 vendor/Amazon.com_Inc. cfg/retry-mode/legacy]",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Amazon ECS Agent - v1.89.3 (abcd1234) (+http://aws.amazon.com/ecs/)",
];

pub fn build(seed: u64) -> World {
    let services = catalog::load();
    let mut roles = vec![];
    for a in 0..ACCTS.len() {
        let mut v = vec![];
        for i in 0..80u64 {
            let mut r = Rng::new(mix2(seed ^ 0xA11CE, (a as u64) << 32 | i));
            let words =
                ["orders", "billing", "catalog", "search", "ledger", "ingest", "reports", "gateway", "media", "audit"];
            let kinds = ["task-role", "lambda-exec", "node-role", "irsa", "glue-job", "deploy", "readonly", "admin"];
            let (mut name, mut path) =
                (format!("{}-{}-{}", r.pick(&words), r.pick(&kinds), i), *r.pick(&["", "", "", "service-role/"]));
            if r.chance(0.15) {
                name = format!(
                    "AWSReservedSSO_{}_{:016x}",
                    r.pick(&["AdministratorAccess", "PowerUser", "ReadOnly"]),
                    r.next()
                );
                path = "aws-reserved/sso.amazonaws.com/eu-west-1/";
            }
            // The role under test and its look-alikes.
            match (a, i) {
                (0, 0) => (name, path) = ("deploy-runner".into(), "ci/"),
                (1, 0) => (name, path) = ("deploy-runner".into(), "ci/"),
                (0, 7) => (name, path) = ("deploy-runner-readonly".into(), "ci/"),
                (0, 8) => (name, path) = ("my-deploy-runner".into(), "ci/"),
                (0, 9) => (name, path) = ("deploy-runner2".into(), ""),
                _ => {}
            }
            let n = if (a, i) == (0, 0) { 16 } else { 3 + r.below(8) };
            let mut s: Vec<usize> = vec![];
            while s.len() < n as usize {
                let k = r.zipf(services.len() as u64) as usize;
                if !s.contains(&k) {
                    s.push(k);
                }
            }
            let mut id = b"AROA".to_vec();
            vars::chars(&mut id, vars::AK, r.next(), 17);
            v.push(Role {
                name,
                path,
                id: String::from_utf8(id).unwrap(),
                ua: r.below(10) as usize,
                style: r.next(),
                services: s,
            });
        }
        roles.push(v);
    }
    World { seed, accts: ACCTS.iter().map(|a| a.0).collect(), roles, services }
}
